import { createHmac } from 'node:crypto'
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT } from 'jose'
import { afterAll, describe, expect, test } from 'vitest'

const directory = await mkdtemp(join(tmpdir(), 'aisle-'))
afterAll(() => rm(directory, { recursive: true }))
const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
await writeFile(
  join(directory, 'jwks.json'),
  JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'k', alg: 'ES256' }] }),
)
Object.assign(process.env, {
  TOKEN_ISSUER: 'https://issuer.example',
  TOKEN_AUDIENCE: 'aisle',
  TOKEN_JWKS: `file:${join(directory, 'jwks.json')}`,
})
const { handler } = await import('../../functions/authorize.ts')

const authorize = async (authorization?: string) =>
  (await handler({ headers: authorization === undefined ? {} : { authorization } })).context

const claims = {
  iss: 'https://issuer.example',
  aud: 'aisle',
  sub: 'ann',
  scope: 'catalog:write',
  exp: Date.now() / 1000 + 60,
}
const { exp: _, ...withoutExpiry } = claims
const sign = (payload: JWTPayload, key = privateKey, header = { alg: 'ES256', kid: 'k' }) =>
  new SignJWT(payload).setProtectedHeader(header).sign(key)

const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')

test('the authorizer passes on the subject and the scope of a valid token', async () => {
  expect(await authorize(`Bearer ${await sign(claims)}`)).toEqual({ subject: 'ann', scope: 'catalog:write' })
})

test('the authorizer passes on the name of a valid token, and leaves out a name that is not text', async () => {
  const name = 'Zoë 😀'
  expect(await authorize(`Bearer ${await sign({ ...claims, name })}`)).toMatchObject({ subject: 'ann', name })
  for (const other of [7, null, '', ['Ann'], { first: 'Ann' }])
    expect(await authorize(`Bearer ${await sign({ ...claims, name: other })}`)).toEqual({
      subject: 'ann',
      scope: 'catalog:write',
    })
})

test('a token without a scope is valid, and its scope is empty', async () => {
  const { scope: _, ...withoutScope } = claims
  expect(await authorize(`Bearer ${await sign(withoutScope)}`)).toEqual({ subject: 'ann', scope: '' })
})

test('the directory of the keys may have any name', async () => {
  const { createTokenVerifier } = await import('../../lib/http/token.ts')
  const odd = join(directory, 'a #b%41?')
  await mkdir(odd)
  await copyFile(join(directory, 'jwks.json'), join(odd, 'jwks.json'))
  const verify = createTokenVerifier({
    issuer: claims.iss,
    audience: claims.aud,
    jwks: `file:${odd}/jwks.json`,
  })
  expect(await verify(`Bearer ${await sign(claims)}`)).toMatchObject({ scope: 'catalog:write' })
})

test('the name of the header is not case-sensitive', async () => {
  const headers = { AUTHORIZATION: `Bearer ${await sign(claims)}` }
  expect((await handler({ headers })).context).toMatchObject({ scope: 'catalog:write' })
})

test('a token that is missing, malformed, expired or issued for another audience is refused', async () => {
  const other = (await generateKeyPair('ES256')).privateKey
  const bad: Record<string, string | undefined> = {
    'no header': undefined,
    'another scheme': `Basic ${await sign(claims)}`,
    'no token': 'Bearer a.b.c',
    expired: `Bearer ${await sign({ ...claims, exp: 1 })}`,
    'without expiry': `Bearer ${await sign(withoutExpiry)}`,
    'not yet valid': `Bearer ${await sign({ ...claims, nbf: Date.now() / 1000 + 600 })}`,
    'another issuer': `Bearer ${await sign({ ...claims, iss: 'https://evil.example' })}`,
    'another audience': `Bearer ${await sign({ ...claims, aud: 'other' })}`,
    'signed by another key': `Bearer ${await sign(claims, other)}`,
    'of an unknown key': `Bearer ${await sign(claims, privateKey, { alg: 'ES256', kid: 'unknown' })}`,
    'with a changed payload': `Bearer ${(await sign(claims)).replace(/\.[^.]+\./, `.${encode({ ...claims, scope: 'all' })}.`)}`,
  }
  for (const [what, authorization] of Object.entries(bad)) {
    expect(await authorize(authorization), what).toEqual({ refusal: expect.any(String) })
  }
})

test('only a request without a token is told to send one, and every other refusal says what is wrong', async () => {
  const token = await sign(claims)
  const expired = await sign({ ...claims, exp: Date.now() / 1000 - 60 })
  for (const header of [undefined, '', ' '])
    expect((await authorize(header)).refusal).toMatch(/^Send a token/)
  const refusals: [string, RegExp][] = [
    ['Bearer', /no token after Bearer.*empty/],
    ['Bearer ', /no token after Bearer.*empty/],
    ['Basic YTpi', /must begin with Bearer/],
    [token, /must begin with Bearer/],
    ['Bearer abc', /three parts/],
    [`Bearer ${token} ${token}`, /three parts/],
    [`Bearer ${'a'.repeat(9000)}.b.c`, /longer than 8192 characters/],
    [`Bearer ${expired}`, /^The token has expired\. Get a new one$/],
    [`Bearer ${token}x`, /not valid for this API: .*Get one from/],
  ]
  for (const [header, refusal] of refusals)
    expect((await authorize(header)).refusal, header.slice(0, 20)).toMatch(refusal)
})

test('the algorithm none, and a public key used as a shared secret, are refused', async () => {
  const none = `${encode({ alg: 'none', kid: 'k' })}.${encode(claims)}.`
  const input = `${encode({ alg: 'HS256', kid: 'k' })}.${encode(claims)}`
  const confused = `${input}.${createHmac('sha256', await exportSPKI(publicKey))
    .update(input)
    .digest('base64url')}`
  for (const token of [none, confused]) {
    expect(await authorize(`Bearer ${token}`)).toEqual({
      refusal: expect.stringContaining('The token is not valid for this API'),
    })
  }
})

describe('a token is refused, and the refusal names the claim, if', () => {
  test.each<[string, unknown]>([
    ['a number', 7],
    ['null', null],
    ['true', true],
    ['a list', ['ann']],
    ['an object', { id: 'ann' }],
    ['longer than 255 characters', 'a'.repeat(256)],
    ['text with a lone surrogate, which a store would replace', 'ann\ud800'],
  ])('its sub is %s', async (_, sub) => {
    const token = await sign({ ...claims, sub } as JWTPayload)
    expect(await authorize(`Bearer ${token}`)).toEqual({ refusal: expect.stringContaining('claim sub') })
  })

  test.each<[string, unknown]>([
    ['a list', ['catalog:write']],
    ['null', null],
    ['an object', { 'catalog:write': true }],
  ])('its scope is %s', async (_, scope) => {
    const token = await sign({ ...claims, scope })
    expect(await authorize(`Bearer ${token}`)).toEqual({ refusal: expect.stringContaining('claim scope') })
  })
})

test('a subject of 255 characters is passed on unchanged, and an empty one is none', async () => {
  const sub = 'é😀"\\'.padEnd(255, 'x')
  expect(await authorize(`Bearer ${await sign({ ...claims, sub })}`)).toMatchObject({ subject: sub })
  expect(await authorize(`Bearer ${await sign({ ...claims, sub: '' })}`)).toEqual({ scope: claims.scope })
})

test('the largest token makes a context that API Gateway takes', async () => {
  const token = await sign({ ...claims, scope: 'catalog:write '.repeat(420).trim() })
  expect(token.length).toBeGreaterThan(7900)
  const context = await authorize(`Bearer ${token}`)
  expect(context).toHaveProperty('scope')
  // 8 KB is the documented limit of a WebSocket API. None is documented for an HTTP API.
  expect(JSON.stringify(context).length).toBeLessThan(8000)
})

test('only the header of one bearer token is accepted', async () => {
  const token = await sign(claims)
  for (const header of ['Bearer', 'bearer', 'BEARER'])
    expect(await authorize(`${header} ${token}`), header).toHaveProperty('scope')
  const odd = [
    // API Gateway joins repeated headers with a comma.
    `Bearer ${token},Bearer ${token}`,
    `Bearer ${token}, Bearer ${token}`,
    `Bearer ${token} ${token}`,
    `Bearer\t${token}`,
    `Bearer${token}`,
    `Bearer ${token}\n`,
    `Bearer "${token}"`,
    `Bearer token=${token}`,
    ` Bearer ${token}`,
    `Bearer ${token}=`,
    `Bearer ${token}.${token}`,
    `DPoP ${token}`,
    token,
  ]
  for (const header of odd) expect(await authorize(header), header).toEqual({ refusal: expect.any(String) })
})

test('every token is unavailable, and none is refused, if the keys of the issuer cannot be read', async () => {
  const token = `Bearer ${await sign(claims)}`
  await rm(join(directory, 'jwks.json'))
  expect(await authorize(token)).toEqual({ unavailable: 'The token cannot be checked right now. Try again' })
  expect(await authorize()).toEqual({ refusal: expect.any(String) })
})
