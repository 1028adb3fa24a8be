import { METHODS } from 'node:http'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ownEnv, runCommand } from '../support/cli.ts'
import { rawRequest, sendRaw } from '../support/rawHttp.ts'

/** Requests that are none, or odd; and what may come of each: a refusal, or the end of its connection. */
const odd = (host: string): Record<string, string> => ({
  'a target that is neither a path nor an address': rawRequest('GET *% HTTP/1.1', [host]),
  'a star': rawRequest('OPTIONS * HTTP/1.1', [host]),
  'a broken address': rawRequest('GET http://[ HTTP/1.1', [host]),
  'another broken address': rawRequest('GET http://a:99999/ HTTP/1.1', [host]),
  'a backslash': rawRequest('GET \\ HTTP/1.1', [host]),
  'two slashes': rawRequest('GET //none HTTP/1.1', [host]),
  'two slashes and a bracket': rawRequest('GET //[ HTTP/1.1', [host]),
  'an escape that is none': rawRequest('GET /products/%E0%A4%A HTTP/1.1', [host]),
  'an address of somebody else': rawRequest('GET http://evil.example/none HTTP/1.1', [host]),
  'a wish for a tunnel': rawRequest('CONNECT evil.example:443 HTTP/1.1', [host]),
  'a wish for another protocol': rawRequest('GET /none HTTP/1.1', [
    ...[
      host,
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Key: x',
      'Sec-WebSocket-Version: 13',
    ],
  ]),
  'trailers without chunks': rawRequest('GET /none HTTP/1.1', [host, 'Trailer: X']),
  'trailers after a body': rawRequest('POST /none HTTP/1.1', [host, 'Trailer: X', 'Content-Length: 1'], 'x'),
  'an expectation': rawRequest('POST /none HTTP/1.1', [host, 'Expect: the moon', 'Content-Length: 1'], 'x'),
  'two lengths': rawRequest('POST /none HTTP/1.1', [host, 'Content-Length: 1', 'Content-Length: 2'], 'xx'),
  'length and chunks': rawRequest(
    'POST /none HTTP/1.1',
    [host, 'Content-Length: 1', 'Transfer-Encoding: chunked'],
    '0\r\n\r\n',
  ),
  'a chunk that is none': rawRequest('POST /none HTTP/1.1', [host, 'Transfer-Encoding: chunked'], 'zz\r\n'),
  'half a chunk': rawRequest('POST /none HTTP/1.1', [host, 'Transfer-Encoding: chunked'], 'ff\r\nx'),
  'half a body': rawRequest('POST /none HTTP/1.1', [host, 'Content-Length: 100'], 'x'),
  'half a head': 'GET /none HTTP/1.1\r\nHost: ',
  'no head at all': '\r\n\r\n\r\n',
  'a method that is none': rawRequest('BREW /none HTTP/1.1', [host]),
  'a method in small letters': rawRequest('get /none HTTP/1.1', [host]),
  'no host': rawRequest('GET /none HTTP/1.1'),
  'a header that is none': rawRequest('GET /none HTTP/1.1', [host, 'no colon']),
  'a header with a zero': rawRequest('GET /none HTTP/1.1', [host, 'X: a\0b']),
  'a header of 100 KB': rawRequest('GET /none HTTP/1.1', [host, `X: ${'x'.repeat(100_000)}`]),
  'a target of 100 KB': rawRequest(`GET /${'x'.repeat(100_000)} HTTP/1.1`, [host]),
  'a version that is none': rawRequest('GET /none HTTP/9.9', [host]),
  'the greeting of HTTP/2': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'the greeting of TLS': '\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03',
  'the inspector, named by an address': rawRequest('POST http://[/inspector/update?id=1 HTTP/1.1', [host]),
  'the inspector, asked for what it has not': rawRequest('POST /inspector/__proto__?id=1 HTTP/1.1', [
    ...[host, 'X-Inspector: 1', 'Content-Length: 0'],
  ]),
  'the inspector, with an id that is none': rawRequest('POST /inspector/update?id=%FF%00 HTTP/1.1', [
    ...[host, 'X-Inspector: 1', 'Content-Length: 0'],
  ]),
  'the inspector, with a body that nobody reads': rawRequest(
    'POST /inspector/update?id=none HTTP/1.1',
    [host, 'X-Inspector: 1', 'Content-Length: 9', 'Content-Type: application/json'],
    '{"id":"\xff',
  ),
  'the inspector, of a path that is none': rawRequest('GET /inspector/products/%E0%A4%A HTTP/1.1', [host]),
})

/** A piece of a request: often one that means something, else any bytes but the end of a line. */
const piece = (...known: string[]) =>
  fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...known) },
    fc.string({ unit: fc.nat(255).map((code) => String.fromCharCode(code).replace(/[\r\n]/, '*')) }),
  )

const anyRequest = fc
  .record({
    method: piece(...METHODS, 'BREW', ''),
    // What names a route would start its function, which takes longer than all else.
    target: piece(
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
    inspector: fc.option(piece('products/1', 'products/%', 'products', 'update', 'none?id=%', '__proto__'), {
      nil: undefined,
    }),
    version: piece('HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0', 'HTTP/2.0', ''),
    headers: fc.array(
      piece(
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
    body: piece('', '{}', 'abc', '0\r\n\r\n', '1\r\nx\r\n0\r\nX: y\r\n\r\n'),
  })
  .map(({ method, target, inspector, version, headers, body }) =>
    rawRequest(
      `${method} ${inspector === undefined ? target : `/inspector/${inspector}`} ${version}`,
      ['Host: localhost', ...headers],
      body,
    ),
  )

test('no request ends npm start: each is refused or its connection closed, and a plain one is answered after it', async () => {
  const own = await ownEnv()
  const port = Number(own.PORT)
  const start = runCommand('npm', ['start'], own)
  await start.printed(/Ctrl-C stops/)
  // A plain request of the emulator's that starts no function, and one of the inspector's.
  const plain = async () => {
    expect((await fetch(`http://127.0.0.1:${port}/-`)).status).toBe(404)
    expect((await fetch(`http://127.0.0.1:${port}/inspector/products/1`)).status).toBe(200)
  }
  await plain()
  for (const [what, bytes] of Object.entries(odd(`Host: 127.0.0.1:${port}`))) {
    const { status, closed, text } = await sendRaw(port, bytes).catch((error) => {
      throw new Error(`${what} has ended it: ${error.message}\n${start.err()}`)
    })
    const refused = status === undefined ? closed : status >= 400 && status < 500
    expect(refused, `${what}: ${status} ${text.slice(0, 200)}`).toBe(true)
    await plain()
  }

  await fc.assert(
    fc.asyncProperty(anyRequest, async (bytes) => {
      const { status, closed } = await sendRaw(port, bytes)
      expect(status === undefined ? closed : status < 500, `answered ${status}, ${closed}`).toBe(true)
    }),
    { numRuns: 300, endOnFailure: true },
  )
  await plain()
  expect((await fetch(`http://127.0.0.1:${port}/products/1`)).status).toBe(200)
  expect(start.out() + start.err()).not.toMatch(/^ {4}at /m)
}, 180_000)
