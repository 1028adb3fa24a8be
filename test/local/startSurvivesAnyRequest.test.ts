import { METHODS } from 'node:http'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isolatedEnv, runCommand } from '../support/cli.ts'
import { rawRequest, sendRaw } from '../support/rawHttp.ts'

/** Malformed and unusual requests. Each one may be refused, or its connection closed. */
const unusualRequests = (host: string): Record<string, string> => ({
  'a target that is neither a path nor a URL': rawRequest('GET *% HTTP/1.1', [host]),
  'a star': rawRequest('OPTIONS * HTTP/1.1', [host]),
  'a malformed URL': rawRequest('GET http://[ HTTP/1.1', [host]),
  'a URL with an invalid port': rawRequest('GET http://a:99999/ HTTP/1.1', [host]),
  'a backslash': rawRequest('GET \\ HTTP/1.1', [host]),
  'two slashes': rawRequest('GET //none HTTP/1.1', [host]),
  'two slashes and a bracket': rawRequest('GET //[ HTTP/1.1', [host]),
  'an invalid percent-encoding': rawRequest('GET /products/%E0%A4%A HTTP/1.1', [host]),
  'the URL of another host': rawRequest('GET http://evil.example/none HTTP/1.1', [host]),
  'a CONNECT': rawRequest('CONNECT evil.example:443 HTTP/1.1', [host]),
  'an upgrade to WebSocket': rawRequest('GET /none HTTP/1.1', [
    ...[
      host,
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Key: x',
      'Sec-WebSocket-Version: 13',
    ],
  ]),
  'a Trailer header without chunks': rawRequest('GET /none HTTP/1.1', [host, 'Trailer: X']),
  'a Trailer header with a plain body': rawRequest(
    'POST /none HTTP/1.1',
    [host, 'Trailer: X', 'Content-Length: 1'],
    'x',
  ),
  'an unknown expectation': rawRequest(
    'POST /none HTTP/1.1',
    [host, 'Expect: the moon', 'Content-Length: 1'],
    'x',
  ),
  'two content lengths': rawRequest(
    'POST /none HTTP/1.1',
    [host, 'Content-Length: 1', 'Content-Length: 2'],
    'xx',
  ),
  'a content length and chunks': rawRequest(
    'POST /none HTTP/1.1',
    [host, 'Content-Length: 1', 'Transfer-Encoding: chunked'],
    '0\r\n\r\n',
  ),
  'an invalid chunk': rawRequest('POST /none HTTP/1.1', [host, 'Transfer-Encoding: chunked'], 'zz\r\n'),
  'half a chunk': rawRequest('POST /none HTTP/1.1', [host, 'Transfer-Encoding: chunked'], 'ff\r\nx'),
  'half a body': rawRequest('POST /none HTTP/1.1', [host, 'Content-Length: 100'], 'x'),
  'half of the headers': 'GET /none HTTP/1.1\r\nHost: ',
  'no request line': '\r\n\r\n\r\n',
  'an unknown method': rawRequest('BREW /none HTTP/1.1', [host]),
  'a method in lower case': rawRequest('get /none HTTP/1.1', [host]),
  'no host': rawRequest('GET /none HTTP/1.1'),
  'a header without a colon': rawRequest('GET /none HTTP/1.1', [host, 'no colon']),
  'a header with a NUL byte': rawRequest('GET /none HTTP/1.1', [host, 'X: a\0b']),
  'a header of 100 KB': rawRequest('GET /none HTTP/1.1', [host, `X: ${'x'.repeat(100_000)}`]),
  'a target of 100 KB': rawRequest(`GET /${'x'.repeat(100_000)} HTTP/1.1`, [host]),
  'an unknown version of HTTP': rawRequest('GET /none HTTP/9.9', [host]),
  'the preface of HTTP/2': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'the start of a TLS handshake': '\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03',
  'an inspector URL that is malformed': rawRequest('POST http://[/inspector/update?id=1 HTTP/1.1', [host]),
  'an inspector action that does not exist': rawRequest('POST /inspector/__proto__?id=1 HTTP/1.1', [
    ...[host, 'X-Inspector: 1', 'Content-Length: 0'],
  ]),
  'an inspector action with an invalid id': rawRequest('POST /inspector/update?id=%FF%00 HTTP/1.1', [
    ...[host, 'X-Inspector: 1', 'Content-Length: 0'],
  ]),
  'an inspector action with a body': rawRequest(
    'POST /inspector/update?id=none HTTP/1.1',
    [host, 'X-Inspector: 1', 'Content-Length: 9', 'Content-Type: application/json'],
    '{"id":"\xff',
  ),
  'an inspector path with an invalid percent-encoding': rawRequest(
    'GET /inspector/products/%E0%A4%A HTTP/1.1',
    [host],
  ),
})

/** Generates a part of a request: mostly one of these, otherwise random bytes without a line break. */
const part = (...known: string[]) =>
  fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...known) },
    fc.string({ unit: fc.nat(255).map((code) => String.fromCharCode(code).replace(/[\r\n]/, '*')) }),
  )

const anyRequest = fc
  .record({
    method: part(...METHODS, 'BREW', ''),
    // One function answers every target without a route, so few functions start.
    target: part(
      '*',
      '*%',
      '/none',
      '//',
      '//[',
      '\\',
      '?',
      '#',
      '/%',
      'http://[',
      'http:',
      'x:y',
      '/inspector',
    ),
    inspector: fc.option(part('products/1', 'products/%', 'products', 'update', 'none?id=%', '__proto__'), {
      nil: undefined,
    }),
    version: part('HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0', 'HTTP/2.0', ''),
    headers: fc.array(
      part(
        ...[
          'Host: 127.0.0.1',
          'Host: a',
          'Host:',
          'X-Inspector: 1',
          'Connection: upgrade',
          'Connection: close',
        ],
        ...['Upgrade: h2c', 'Trailer: X', 'TE: trailers', 'Expect: 100-continue', 'Content-Length: 3'],
        ...[
          'Content-Length: -1',
          'Transfer-Encoding: chunked',
          'Transfer-Encoding: gzip',
          'Origin: null',
          'X',
        ],
      ),
      { maxLength: 5 },
    ),
    body: part('', '{}', 'abc', '0\r\n\r\n', '1\r\nx\r\n0\r\nX: y\r\n\r\n'),
  })
  .map(({ method, target, inspector, version, headers, body }) =>
    rawRequest(
      `${method} ${inspector === undefined ? target : `/inspector/${inspector}`} ${version}`,
      ['Host: localhost', ...headers],
      body,
    ),
  )

test('npm start survives every request: it refuses bad requests or closes their connections, and answers the next ones', async () => {
  const env = await isolatedEnv()
  const port = Number(env.PORT)
  const start = runCommand('npm', ['start'], env)
  await start.waitForOutput(/Ctrl-C stops/)
  // A request without a route, and a request to the inspector.
  const expectAnswers = async () => {
    expect((await fetch(`http://127.0.0.1:${port}/-`)).status).toBe(404)
    expect((await fetch(`http://127.0.0.1:${port}/inspector/products/1`)).status).toBe(200)
  }
  await expectAnswers()
  for (const [name, bytes] of Object.entries(unusualRequests(`Host: 127.0.0.1:${port}`))) {
    const { status, closed, text } = await sendRaw(port, bytes).catch((error) => {
      throw new Error(`${name} ended npm start: ${error.message}\n${start.err()}`)
    })
    const isRefused = status === undefined ? closed : status >= 400 && status < 500
    expect(isRefused, `${name}: ${status} ${text.slice(0, 200)}`).toBe(true)
    await expectAnswers()
  }

  await fc.assert(
    fc.asyncProperty(anyRequest, async (bytes) => {
      const { status, closed } = await sendRaw(port, bytes)
      expect(status === undefined ? closed : status < 500, `answered ${status}, ${closed}`).toBe(true)
    }),
    { numRuns: 300, endOnFailure: true },
  )
  await expectAnswers()
  expect((await fetch(`http://127.0.0.1:${port}/products/1`)).status).toBe(200)
  expect(start.out() + start.err()).not.toMatch(/^ {4}at /m)
}, 180_000)
