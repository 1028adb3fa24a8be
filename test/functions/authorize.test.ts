import { createHmac } from 'node:crypto'
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT } from 'jose'
import { afterAll, expect, test } from 'vitest'

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

test('the algorithm none, and a public key used as a shared secret, are refused', async () => {
  const none = `${encode({ alg: 'none', kid: 'k' })}.${encode(claims)}.`
  const input = `${encode({ alg: 'HS256', kid: 'k' })}.${encode(claims)}`
  const confused = `${input}.${createHmac('sha256', await exportSPKI(publicKey))
    .update(input)
    .digest('base64url')}`
  for (const token of [none, confused]) {
    expect(await authorize(`Bearer ${token}`)).toEqual({ refusal: 'The token is not valid here' })
  }
})

test('every token is refused if the keys of the issuer cannot be read', async () => {
  const token = `Bearer ${await sign(claims)}`
  await rm(join(directory, 'jwks.json'))
  expect(await authorize(token)).toEqual({ refusal: 'The token cannot be checked right now' })
})
