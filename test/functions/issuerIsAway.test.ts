import { readFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setInterval as every } from 'node:timers/promises'
import { exportJWK, generateKeyPair } from 'jose'
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { parse } from 'yaml'
import { projectDirectory } from '../../lib/project/projectDirectory.ts'
import { readServerlessYml } from '../../lib/project/serverlessYml.ts'
import { putClockAhead } from '../support/clock.ts'
import { Contract } from '../support/contract.ts'
import { aProduct, freshHandlers } from '../support/http.ts'
import { type Answer, startIssuer } from '../support/issuer.ts'
import { makeCertificate } from '../support/tls.ts'

const { call } = await freshHandlers()
const issuer = await startIssuer()
afterAll(() => issuer.close())
Object.assign(process.env, { TOKEN_ISSUER: 'https://issuer.example', TOKEN_AUDIENCE: 'aisle' })
const contract = new Contract()

const read = (file: string) => readFileSync(join(projectDirectory, file), 'utf8')
const { TokenKeysFilter } = parse(read('resources/watching.yml')).Resources
/** The text that a line must contain for the alarm `token-keys`. A quoted filter pattern matches it anywhere. */
const alarmText: string = JSON.parse(TokenKeysFilter.Properties.FilterPattern)
const { provider, functions } = readServerlessYml() as {
  provider: { timeout: number }
  functions: { authorize: { timeout?: number } }
}
/** When Lambda ends the authorizer, ms. The caller would get a 500 without a problem document. */
const lambdaTimeoutMs = (functions.authorize.timeout ?? provider.timeout) * 1000

let errorLines: string[] = []
beforeEach(() => {
  errorLines = []
  vi.spyOn(console, 'error').mockImplementation((line) => void errorLines.push(String(line)))
  issuer.answers()
})
afterEach(() => {
  vi.restoreAllMocks()
  putClockAhead(0)
})

let authorizers = 0
/** Loads the authorizer as a new process does, and returns a function that sends a write through it and the handler. */
async function coldAuthorizer(jwks = issuer.jwks) {
  process.env.TOKEN_JWKS = jwks
  // The query makes it a new module, with its own keys.
  const module = `${projectDirectory}/functions/authorize.ts?${authorizers++}`
  const { handler: authorize }: typeof import('../../functions/authorize.ts') = await import(module)
  return async (token: string, id = 'a') => {
    const headers = { authorization: `Bearer ${token}` }
    const { context } = await authorize({ headers })
    const response = await call('putProduct', {
      path: { id },
      body: aProduct,
      headers,
      authorizer: context,
    })
    contract.checkAnswer('putProduct', response)
    return response
  }
}
type Write = Awaited<ReturnType<typeof coldAuthorizer>>

/** Checks a 503 that tells the caller to retry. @returns after how many seconds */
async function expectUnavailable(write: Write, token: string): Promise<number> {
  const { statusCode, headers, json } = await write(token)
  expect({ statusCode, type: json.type }).toEqual({
    statusCode: 503,
    type: 'urn:aisle:problem:token-keys-unavailable',
  })
  expect(headers['www-authenticate']).toBeUndefined()
  expect(JSON.stringify(json)).not.toMatch(/127\.0\.0\.1|jwks|ECONN|certificate/)
  return Number(headers['retry-after'])
}

/** Checks that one line was logged since the last check, that the alarm matches it, and that it holds no token. */
function expectOneAlarmLine(token: string) {
  expect(errorLines).toHaveLength(1)
  expect(errorLines[0]).toContain(alarmText)
  expect(errorLines[0]).not.toContain('\n')
  for (const part of token.split('.')) expect(errorLines[0]).not.toContain(part)
  errorLines = []
}

const text =
  (status: number, body: string, headers: Record<string, string> = {}): Answer =>
  (_, response) => {
    response.writeHead(status, headers).end(body)
  }
const keySet = (...keys: object[]) => text(200, JSON.stringify({ keys }))
const { key } = issuer

let bytesSent = 0
/** Sends 50 MB of white space, and counts what was written before the authorizer closed the connection. */
const tooLarge: Answer = (_, response) => {
  bytesSent = 0
  const chunk = Buffer.alloc(100_000, ' ')
  function* chunks() {
    for (; bytesSent < 50_000_000; bytesSent += chunk.length) yield chunk
  }
  pipeline(Readable.from(chunks()), response).catch(() => {})
}
const byteByByte: Answer = async (_, response) => {
  response.writeHead(200, { 'content-type': 'application/json' })
  for await (const _tick of every(50)) {
    if (response.destroyed) return
    response.write(' ')
  }
}

const noPoint = keySet({ ...key, x: key.y, y: key.x })
const twoAlike = keySet(key, { ...key, x: key.y })
const cannotBeUsed = new Set([noPoint, twoAlike])
const failures: Record<string, Answer> = {
  '500': text(500, ''),
  '503': text(503, '', { 'retry-after': '60' }),
  '404': text(404, 'Not here'),
  '429': text(429, '{"error":"slow down"}'),
  '204': text(204, ''),
  'its keys with a 500': text(500, JSON.stringify({ keys: [key] })),
  'a redirect': text(302, '', { location: `${issuer.jwks}?moved` }),
  HTML: text(200, '<!doctype html><title>Maintenance</title>', { 'content-type': 'text/html' }),
  'an empty body': text(200, ''),
  'JSON that is not a key set': text(200, '{"error":"maintenance"}'),
  null: text(200, 'null'),
  'an array': text(200, `[${JSON.stringify(key)}]`),
  'no keys': keySet(),
  'keys that are not objects': text(200, '{"keys":["k"]}'),
  'only keys for encryption': keySet({ ...key, use: 'enc' }),
  'only a shared secret': keySet({ kty: 'oct', k: 'c2VjcmV0', kid: 'k' }),
  'a key that is not a point of its curve': noPoint,
  'two keys with the same name': twoAlike,
  'a body that ends early': (_, response) => {
    response.writeHead(200, { 'content-length': 10_000 }).write('{"keys":[')
    setTimeout(() => response.destroy(), 20)
  },
  'a reset of the connection': issuer.reset,
  'a body of 50 MB': tooLarge,
  'nothing, ever': () => {},
  'a body that arrives byte by byte': byteByByte,
}

describe('a write is answered 503 with Retry-After, and the alarm is raised, if the issuer answers', () => {
  test.each(Object.entries(failures))('%s', async (_, answer) => {
    const token = await issuer.sign()
    issuer.answers(answer)
    const before = issuer.requests.length
    const write = await coldAuthorizer()
    const start = performance.now()
    const seconds = await expectUnavailable(write, token)
    // Lambda and the cold start of a real authorizer need the rest.
    expect(performance.now() - start).toBeLessThan(lambdaTimeoutMs - 2000)
    expectOneAlarmLine(token)
    expect(issuer.requests.slice(before)).toEqual(['/jwks.json'])
    issuer.answers()
    // Keys that were fetched and cannot be used are fetched again after 30 s, as for an unknown key id.
    putClockAhead(cannotBeUsed.has(answer) ? 31_000 : seconds * 1000)
    expect((await write(token)).statusCode).toBeLessThan(300)
  })

  test('a body of 50 MB, of which the authorizer reads little', async () => {
    issuer.answers(tooLarge)
    await expectUnavailable(await coldAuthorizer(), await issuer.sign())
    // What the buffers of both sockets hold comes on top of the limit.
    expect(bytesSent).toBeLessThan(10_000_000)
  })
})

describe('a write is answered 503 with Retry-After, and the alarm is raised, if the issuer', () => {
  const unavailableAt = async (jwks: string) => {
    const token = await issuer.sign()
    const start = performance.now()
    await expectUnavailable(await coldAuthorizer(jwks), token)
    expect(performance.now() - start).toBeLessThan(lambdaTimeoutMs - 2000)
    expectOneAlarmLine(token)
  }

  test('has a certificate of an unknown authority', async () => {
    const untrusted = await startIssuer(makeCertificate())
    await unavailableAt(untrusted.jwks)
    expect(untrusted.requests).toEqual([])
    untrusted.close()
  })

  test('refuses connections', async () => {
    const gone = await startIssuer()
    gone.close()
    await unavailableAt(gone.jwks)
  })

  test('accepts a connection and never begins TLS', async () => {
    const silent = createServer(() => {})
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    await unavailableAt(`https://127.0.0.1:${(silent.address() as AddressInfo).port}/`)
    silent.close()
  })

  test('has a name that does not exist', () => unavailableAt('https://issuer.invalid/jwks.json'))

  test('is a file that does not exist, as on a machine without its key', () =>
    unavailableAt('file:/nowhere/jwks.json'))

  test('publishes an RSA key that is too short to be safe', async () => {
    const n = Buffer.alloc(128, 0xff).toString('base64url')
    issuer.answers(keySet({ kty: 'RSA', n, e: 'AQAB', kid: 'short' }))
    const [, payload] = (await issuer.sign()).split('.')
    const header = Buffer.from('{"alg":"RS256","kid":"short"}').toString('base64url')
    const token = `${header}.${payload}.AAAA`
    await expectUnavailable(await coldAuthorizer(), token)
    expectOneAlarmLine(token)
  })
})

describe('an authorizer that has the keys', () => {
  test('uses them for ten minutes without the issuer, and answers 503 after eleven', async () => {
    const write = await coldAuthorizer()
    const token = await issuer.sign()
    expect((await write(token)).statusCode).toBeLessThan(300)
    issuer.answers(text(503, ''))
    putClockAhead(9 * 60_000)
    expect((await write(token)).statusCode).toBeLessThan(300)
    expect(errorLines).toEqual([])
    putClockAhead(11 * 60_000)
    const seconds = await expectUnavailable(write, token)
    expectOneAlarmLine(token)
    issuer.answers()
    putClockAhead(11 * 60_000 + seconds * 1000)
    expect((await write(token)).statusCode).toBeLessThan(300)
    expect(errorLines).toEqual([])
  })

  test('fetches them anew after ten minutes, on a new connection', async () => {
    const write = await coldAuthorizer()
    const token = await issuer.sign()
    const ports = new Set<unknown>()
    // The issuer closes a connection that is used twice, as one does whose connection was idle for ten minutes.
    issuer.answers((request, response) => {
      const { remotePort } = request.socket
      if (ports.has(remotePort)) return issuer.reset(request)
      ports.add(remotePort)
      keySet(key)(request, response)
    })
    for (const minutes of [0, 11, 22, 33]) {
      putClockAhead(minutes * 60_000)
      expect((await write(token)).statusCode).toBeLessThan(300)
    }
    expect(ports.size).toBe(4)
    expect(errorLines).toEqual([])
  })

  test('refuses a key id that the issuer does not know, and fetches at most once in 30 s for all of them', async () => {
    const write = await coldAuthorizer()
    const good = await issuer.sign()
    expect((await write(good)).statusCode).toBeLessThan(300)
    const before = issuer.requests.length
    const refuseAll = async () => {
      const tokens = await Promise.all(
        Array.from({ length: 20 }, (_, n) => issuer.sign({}, { kid: `none${n}` })),
      )
      for (const { statusCode, json } of await Promise.all(tokens.map((token) => write(token))))
        expect({ statusCode, type: json.type }).toEqual({
          statusCode: 401,
          type: 'urn:aisle:problem:no-valid-token',
        })
    }
    await refuseAll()
    expect(issuer.requests.length - before).toBe(0)
    putClockAhead(31_000)
    await refuseAll()
    await refuseAll()
    expect(issuer.requests.length - before).toBe(1)
    expect(errorLines).toEqual([])
  })

  test('fetches as seldom for unknown key ids if the issuer is away, and other tokens stay valid', async () => {
    const write = await coldAuthorizer()
    const good = await issuer.sign()
    expect((await write(good)).statusCode).toBeLessThan(300)
    issuer.answers(text(500, ''))
    putClockAhead(31_000)
    const before = issuer.requests.length
    const unknown = (n: number) => issuer.sign({}, { kid: `none${n}` })
    // Only the token that made it fetch may be valid. Later the answer is that of the keys it has.
    await expectUnavailable(write, await unknown(0))
    for (let n = 1; n < 20; n++) expect((await write(await unknown(n))).statusCode).toBe(401)
    expect(issuer.requests.length - before).toBe(1)
    expectOneAlarmLine(good)
    expect((await write(good)).statusCode).toBeLessThan(300)
  })

  test.each([
    ['that answers 429', text(429, ''), 3],
    ['that publishes its keys', keySet(key), 0],
  ])('fetches three times in 90 s for forged key ids from an issuer %s', async (_, answer, lines) => {
    const write = await coldAuthorizer()
    const good = await issuer.sign()
    expect((await write(good)).statusCode).toBeLessThan(300)
    issuer.answers(answer)
    const before = issuer.requests.length
    let unavailable = 0
    for (let second = 31; second < 121; second++) {
      putClockAhead(second * 1000)
      const { statusCode } = await write(await issuer.sign({}, { kid: `none${second}` }))
      if (statusCode === 503) unavailable++
      else expect(statusCode).toBe(401)
    }
    expect(issuer.requests.length - before).toBe(3)
    expect(errorLines).toHaveLength(lines)
    expect(unavailable).toBe(lines)
    expect((await write(good)).statusCode).toBeLessThan(300)
  })

  test('fetches as seldom for a key that it cannot use', async () => {
    const write = await coldAuthorizer()
    const good = await issuer.sign()
    issuer.answers(keySet(key, { ...key, x: key.y, y: key.x, kid: 'bad' }))
    expect((await write(good)).statusCode).toBeLessThan(300)
    issuer.answers(text(429, ''))
    const before = issuer.requests.length
    const bad = await issuer.sign({}, { kid: 'bad' })
    for (let second = 31; second < 91; second++) {
      putClockAhead(second * 1000)
      await expectUnavailable(write, bad)
    }
    expect(issuer.requests.length - before).toBe(2)
    expect((await write(good)).statusCode).toBeLessThan(300)
  })

  test('shares one fetch between tokens with a new key that arrive together', async () => {
    const write = await coldAuthorizer()
    expect((await write(await issuer.sign())).statusCode).toBeLessThan(300)
    putClockAhead(31_000)
    const before = issuer.requests.length
    issuer.answers(keySet({ ...key, kid: 'next' }))
    const next = await issuer.sign({}, { kid: 'next' })
    const responses = await Promise.all(Array.from({ length: 20 }, (_, n) => write(next, `next${n}`)))
    for (const { statusCode } of responses) expect(statusCode).toBe(201)
    expect(issuer.requests.length - before).toBe(1)
  })

  test('fetches every 5 s from an issuer that is away, once its keys are too old', async () => {
    const write = await coldAuthorizer()
    const good = await issuer.sign()
    expect((await write(good)).statusCode).toBeLessThan(300)
    issuer.answers(text(429, ''))
    const before = issuer.requests.length
    for (let second = 601; second < 631; second++) {
      putClockAhead(second * 1000)
      await expectUnavailable(write, good)
    }
    expect(issuer.requests.length - before).toBe(6)
    expect(errorLines).toHaveLength(6)
  })

  test('fetches for a new key although the clock was set back', async () => {
    const write = await coldAuthorizer()
    const good = await issuer.sign()
    putClockAhead(9 * 60_000)
    expect((await write(good)).statusCode).toBeLessThan(300)
    putClockAhead(0)
    issuer.answers(keySet({ ...key, kid: 'next' }))
    expect((await write(await issuer.sign({}, { kid: 'next' }))).statusCode).toBeLessThan(300)
  })

  test('learns a new key with the first token that it signed', async () => {
    const write = await coldAuthorizer()
    expect((await write(await issuer.sign())).statusCode).toBeLessThan(300)
    putClockAhead(31_000)
    issuer.answers(keySet({ ...key, kid: 'next' }))
    expect((await write(await issuer.sign({}, { kid: 'next' }))).statusCode).toBeLessThan(300)
  })
})

describe('a burst of writes at a cold authorizer', () => {
  test('is one request to the issuer', async () => {
    const token = await issuer.sign()
    const before = issuer.requests.length
    const write = await coldAuthorizer()
    const responses = await Promise.all(Array.from({ length: 20 }, (_, n) => write(token, `burst${n}`)))
    for (const { statusCode } of responses) expect(statusCode).toBe(201)
    expect(issuer.requests.length - before).toBe(1)
  })

  test('is one request to an issuer that fails, and one line', async () => {
    const token = await issuer.sign()
    issuer.answers(text(500, ''))
    const before = issuer.requests.length
    const write = await coldAuthorizer()
    await Promise.all(Array.from({ length: 20 }, () => expectUnavailable(write, token)))
    for (let n = 0; n < 20; n++) await expectUnavailable(write, token)
    expect(issuer.requests.length - before).toBe(1)
    expectOneAlarmLine(token)
  })
})

describe('a token that is at fault itself is answered 401, without a line', () => {
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')
  const forged = async (header: object) =>
    (await issuer.sign()).replace(/^[^.]+/, encode({ alg: 'ES256', kid: 'k', ...header }))
  test.each<[string, () => Promise<string>]>([
    ['expired', () => issuer.sign({ exp: 1 })],
    ['of another issuer', () => issuer.sign({ iss: 'https://evil.example' })],
    ['for another audience', () => issuer.sign({ aud: 'other' })],
    ['of an unknown key', () => issuer.sign({}, { kid: 'none' })],
    ['with a wrong signature', async () => (await issuer.sign()).replace(/.{20}$/, 'A'.repeat(20))],
    ['with a signature that is too short', async () => (await issuer.sign()).replace(/[^.]+$/, 'AAAA')],
    ['with another algorithm', () => forged({ alg: 'HS256' })],
    ['with an algorithm of another curve', () => forged({ alg: 'ES384' })],
    ['with an algorithm of another kind of key', () => forged({ alg: 'PS256' })],
    ['with an unknown critical header', () => forged({ crit: ['x'], x: 1 })],
    ['with an unencoded payload', () => forged({ crit: ['b64'], b64: false })],
    ['with a key id that is not text', () => forged({ kid: 7 })],
    [
      'with its own key and key URL',
      () => forged({ jwk: key, jku: 'https://evil.example/jwks.json', kid: 'x' }),
    ],
  ])('%s', async (_, create) => {
    const { statusCode, headers, json } = await (await coldAuthorizer())(await create())
    expect({ statusCode, type: json.type }).toEqual({
      statusCode: 401,
      type: 'urn:aisle:problem:no-valid-token',
    })
    expect(headers['www-authenticate']).toBe('Bearer error="invalid_token"')
    expect(errorLines).toEqual([])
  })

  test('without a key id, if none of the keys of the issuer signed it', async () => {
    issuer.answers(keySet(...(await otherKeys(3))))
    const { statusCode } = await (await coldAuthorizer())(await issuer.sign({}, {}))
    expect(statusCode).toBe(401)
    expect(errorLines).toEqual([])
  })
})

const otherKeys = (count: number) =>
  Promise.all(
    Array.from({ length: count }, async (_, n) => {
      const { publicKey } = await generateKeyPair('ES256', { extractable: true })
      return { ...(await exportJWK(publicKey)), kid: `other${n}` }
    }),
  )

describe('a token without a key id is verified with each key of the issuer that fits', () => {
  test.each([
    ['two, the first of which cannot be used', () => [{ ...key, x: key.y, y: key.x, kid: 'bad' }, key]],
    ['eight, the last of which signed it', async () => [...(await otherKeys(7)), key]],
  ])('if there are %s', async (_, keys) => {
    issuer.answers(keySet(...(await keys())))
    const write = await coldAuthorizer()
    const { statusCode } = await write(await issuer.sign({}, {}))
    expect(statusCode).toBeLessThan(300)
    expect((await write(await issuer.sign({ exp: 1 }, {}))).json.detail).toMatch(/^The token has expired/)
    expect(errorLines).toEqual([])
  })

  test('but with no more than eight, so that a forged token costs little', async () => {
    issuer.answers(keySet(...(await otherKeys(8)), key))
    const { statusCode } = await (await coldAuthorizer())(await issuer.sign({}, {}))
    expect(statusCode).toBe(401)
  })
})
