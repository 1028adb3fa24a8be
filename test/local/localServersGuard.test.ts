import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { request as requestHttps } from 'node:https'
import { join } from 'node:path'
import { ScanCommand } from '@aws-sdk/lib-dynamodb'
import { describe, expect, onTestFinished, test } from 'vitest'
import { parse } from 'yaml'
import { projectDirectory } from '../../lib/project/projectDirectory.ts'
import { freshDirectory } from '../support/cli.ts'
import { aProduct } from '../support/http.ts'
import { startNpxOffline } from '../support/offline.ts'
import { startOfflineApi } from '../support/offlineApi.ts'
import { rawRequest, sendRaw } from '../support/rawHttp.ts'
import { trustedCertificate } from '../support/tls.ts'

const guardIsMissing =
  'serverless-offline creates its servers in a new way, so resources/localServers.cjs no longer guards them'

const { services, offline } = await startOfflineApi()

/** Sends exactly these headers. Returns the status, the whole response, and its headers. */
async function request(url: string, line: string, headers: Record<string, string> = {}, body = '') {
  const port = Number(new URL(url).port)
  const all = {
    Host: `127.0.0.1:${port}`,
    ...headers,
    'Content-Length': String(body.length),
    Connection: 'close',
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`)
  const { status, text } = await sendRaw(port, rawRequest(`${line} HTTP/1.1`, lines, body), { isWhole: true })
  const head = text.split('\r\n\r\n', 1)[0] ?? ''
  const received = [...head.matchAll(/^([\w-]+): (.*)$/gm)].map(
    ([, name = '', value = '']): [string, string] => [...([name.toLowerCase(), value.trim()] as const)],
  )
  const cors = received.filter(([name]) => /^(access-control|timing)-allow|^access-control/.test(name))
  return { status, text, headers: Object.fromEntries(received), cors: Object.fromEntries(cors) }
}

/** An event that claims a permission to write. */
const forged = JSON.stringify({
  pathParameters: { id: 'forged' },
  headers: { 'content-type': 'application/json' },
  requestContext: { authorizer: { lambda: { scope: 'catalog:write' } } },
  body: JSON.stringify(aProduct),
})
const invocation = 'POST /2015-03-31/functions/aisle-local-putProduct/invocations'
const stored = async () => (await services.db.send(new ScanCommand({ TableName: services.table }))).Items

describe('the port that invokes functions', () => {
  test('is guarded, as the port of the API is', async () => {
    for (const url of [offline.lambdaUrl, offline.url])
      expect(
        (await request(url, 'GET /-', { Host: 'rebound.example' })).status,
        `${url}: ${guardIsMissing}`,
      ).toBe(403)
  })

  test('refuses every web page and every other host name, and invokes no function', async () => {
    const port = new URL(offline.lambdaUrl).port
    const plain = { 'Content-Type': 'text/plain' }
    for (const headers of [
      { ...plain, Origin: 'https://evil.example' },
      { ...plain, Origin: 'null' },
      { ...plain, Origin: 'null', Expect: '100-continue' },
      { ...plain, Origin: `http://127.0.0.1:${port}` },
      { ...plain, Host: `rebound.example:${port}` },
      { ...plain, Host: `127.0.0.1.rebound.example:${port}` },
      { ...plain, Host: `localhost:${Number(port) + 1}` },
      { ...plain, Host: 'localhost' },
      { ...plain, Host: '' },
    ]) {
      const { status, cors, text } = await request(offline.lambdaUrl, invocation, headers, forged)
      expect(status, JSON.stringify(headers)).toBe(403)
      expect(cors).toEqual({})
      expect(text).toMatch(/localhost/)
    }
    // The same for an asynchronous invocation, and for the older path.
    const event = { ...plain, Origin: 'null', 'X-Amz-Invocation-Type': 'Event' }
    expect((await request(offline.lambdaUrl, invocation, event, forged)).status).toBe(403)
    const older = 'POST /2014-11-13/functions/aisle-local-putProduct/invoke-async/'
    expect((await request(offline.lambdaUrl, older, event, forged)).status).toBe(403)
    const preflight = { Origin: 'https://evil.example', 'Access-Control-Request-Method': 'POST' }
    const path = invocation.replace('POST', 'OPTIONS')
    expect(await request(offline.lambdaUrl, path, preflight)).toMatchObject({ status: 403, cors: {} })
    expect(await stored()).toEqual([])
    expect(offline.output()).not.toContain('PUT /products')
  })

  test('serves programs on this machine', async () => {
    for (const host of ['127.0.0.1', 'localhost', 'LOCALHOST', '[::1]']) {
      const name = { Host: `${host}:${new URL(offline.lambdaUrl).port}` }
      const path = 'POST /2015-03-31/functions/aisle-local-getHealth/invocations'
      const { status, text } = await request(offline.lambdaUrl, path, name, '{}')
      expect(status, host).toBe(200)
      expect(text).toContain('\\"status\\"')
    }
  })
})

describe('the API routes a request as an HTTP API does', () => {
  const type = (text: string) => /urn:aisle:problem:([a-z-]+)/.exec(text)?.[1]

  test('HEAD has the route of GET for the pages and files of the shop alone', async () => {
    for (const path of ['/', '/robots.txt', '/favicon.ico']) {
      const { status, text } = await request(offline.url, `HEAD ${path}`)
      expect({ status, body: text.split('\r\n\r\n', 2)[1] }, path).toEqual({ status: 200, body: '' })
    }
    for (const path of ['/products/1', '/categories', '/health'])
      expect((await request(offline.url, `HEAD ${path}`)).status, path).toBe(405)
    for (const path of ['/p/none', '/c/none', '/none'])
      expect((await request(offline.url, `HEAD ${path}`)).status, path).toBe(404)
  })

  test('a slash at the end belongs to the path', async () => {
    expect(await request(offline.url, 'GET /p/1/')).toMatchObject({
      status: 308,
      headers: { location: '/p/1' },
    })
    expect(await request(offline.url, 'GET /c/a/b/')).toMatchObject({
      ...{ status: 308, headers: { location: '/c/a/b' } },
    })
    for (const path of ['/categories/', '/products/1/', '/products/']) {
      const { status, text } = await request(offline.url, `GET ${path}`)
      expect({ status, type: type(text) }, path).toEqual({ status: 404, type: 'no-such-route' })
      expect(text).toContain('without the slash at its end')
    }
    const { status, text } = await request(offline.url, 'GET //categories')
    expect({ status, type: type(text) }).toEqual({ status: 404, type: 'no-such-route' })
    expect(text).toContain('without the repeated slash')
  })

  test('a request target may be a URL of this machine, but neither that of another host nor a star', async () => {
    const url = `${offline.url}/categories?limit=1`
    const expected = await request(offline.url, 'GET /categories?limit=1')
    expect(await request(offline.url, `GET ${url}`)).toMatchObject({
      ...{
        status: expected.status,
        text: expect.stringContaining(expected.text.split('\r\n\r\n')[1] ?? '-'),
      },
    })
    const { status, text } = await request(offline.url, 'GET http://rebound.example/categories')
    expect({ status, text }).toMatchObject({ status: 403, text: expect.stringMatching(/localhost/) })
    expect(await request(offline.url, 'OPTIONS *')).toMatchObject({
      ...{ status: 400, text: expect.stringContaining('{"message":"Bad Request"}') },
    })
  })

  test('an unknown path and an unknown method are answered with a page or a problem, and with no list of routes', async () => {
    const page = await request(offline.url, 'GET /nothing?x=1', { Accept: 'text/html' })
    expect(page).toMatchObject({ status: 404, headers: { 'content-type': 'text/html; charset=utf-8' } })
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) {
      const { status, text } = await request(
        offline.url,
        `${method} /nothing/at/all`,
        {},
        method === 'GET' ? '' : '{}',
      )
      expect({ status, type: type(text) }, method).toEqual({ status: 404, type: 'no-such-route' })
    }
    const post = await request(offline.url, 'POST /categories', {}, '{}')
    expect(post).toMatchObject({ status: 405, headers: { allow: 'GET' } })
    // No route of the API takes these. API Gateway answers them itself.
    for (const line of ['POST /', 'OPTIONS /products/1', 'TRACE /'])
      expect(await request(offline.url, line), line).toMatchObject({
        status: 404,
        text: expect.stringContaining('{"message":"Not Found"}'),
      })
  })

  test('a body without a content type is not taken for JSON', async () => {
    const headers = { Authorization: `Bearer ${await services.token()}` }
    const put = (more: object) => request(offline.url, 'PUT /products/none', { ...headers, ...more }, '{}')
    const refused = await put({})
    expect({ status: refused.status, type: type(refused.text) }).toEqual({
      status: 415,
      type: 'wrong-content-type',
    })
    expect(refused.text).toContain('Send the body as content-type: application/json')
    expect(type((await put({ 'Content-Type': 'application/json' })).text)).toBe('invalid-product')
  })
})

describe('the API', () => {
  const { extensions } = parse(readFileSync(join(projectDirectory, 'resources/http.yml'), 'utf8'))
  const [, configured] = extensions.HttpApi.Properties.CorsConfiguration['Fn::If']
  const preflight = (origin: string, method = 'PUT') => ({
    ...{ Origin: origin, 'Access-Control-Request-Method': method },
    'Access-Control-Request-Headers': 'authorization,sls-offline-authorizer-override',
  })
  const ownOrigin = () => offline.url
  const localhostOrigin = () => offline.url.replace('127.0.0.1', 'localhost')
  const exposed = configured.ExposeHeaders.join(',')

  test('answers every preflight as CorsConfiguration defines', async () => {
    for (const origin of [ownOrigin(), localhostOrigin()])
      for (const path of ['/products/1', '/none'])
        expect(await request(offline.url, `OPTIONS ${path}`, preflight(origin))).toMatchObject({
          status: 204,
          cors: {
            'access-control-allow-origin': origin,
            'access-control-allow-methods': configured.AllowMethods.join(','),
            'access-control-allow-headers': configured.AllowHeaders.join(','),
            'access-control-expose-headers': exposed,
            'access-control-max-age': String(configured.MaxAge),
          },
        })
    expect(configured).not.toHaveProperty('AllowCredentials')
    expect(configured.ExposeHeaders).toContain('link')
    // A preflight reaches no function.
    expect(offline.output()).not.toContain('OPTIONS /products/1')
  })

  test('sends no CORS headers to an unlisted origin, for a preflight or for a request', async () => {
    for (const origin of [
      'https://evil.example',
      'null',
      '*',
      `${ownOrigin()}.evil.example`,
      'http://127.0.0.1:1',
    ]) {
      expect(await request(offline.url, 'OPTIONS /products/1', preflight(origin))).toMatchObject({
        status: 204,
        cors: {},
      })
      for (const [path, status] of Object.entries({ '/categories': 200, '/products/no': 404, '/none': 404 }))
        expect(await request(offline.url, `GET ${path}`, { Origin: origin }), path).toMatchObject({
          status,
          cors: {},
        })
    }
  })

  test('names a listed origin and the headers that its scripts may read in every response, without credentials', async () => {
    for (const [path, status] of Object.entries({ '/categories': 200, '/products/no': 404, '/none': 404 })) {
      const { cors, ...answer } = await request(offline.url, `GET ${path}`, { Origin: ownOrigin() })
      expect(answer, path).toMatchObject({ status })
      expect(cors).toEqual({
        'access-control-allow-origin': ownOrigin(),
        'access-control-expose-headers': exposed,
        // The function sends this header. It receives the origin here as on AWS.
        'timing-allow-origin': ownOrigin(),
      })
    }
    const { cors, headers } = await request(offline.url, 'GET /categories')
    expect({ cors, vary: headers.vary }).toEqual({ cors: {}, vary: 'Origin' })
  })

  test('accepts only the host names of this machine', async () => {
    for (const host of ['127.0.0.1', 'localhost:3000', '[::1]:3000'])
      expect((await request(offline.url, 'GET /categories', { Host: host })).status, host).toBe(200)
    for (const host of [
      'rebound.example',
      'localhost.rebound.example',
      '127.0.0.1.rebound.example:3000',
      '',
    ]) {
      const { status, text } = await request(offline.url, 'GET /categories', {
        Host: host,
        Origin: ownOrigin(),
      })
      expect(status, host).toBe(403)
      expect(text).toMatch(/localhost/)
    }
  })

  test('accepts no header in place of a token', async () => {
    const authorizer = JSON.stringify({ lambda: { scope: 'catalog:write' } })
    const headers = { 'Content-Type': 'application/json', 'SLS-Offline-Authorizer-Override': authorizer }
    const put = await request(offline.url, 'PUT /products/forged', headers, JSON.stringify(aProduct))
    expect(put.status).toBe(403)
    expect(await stored()).toEqual([])
  })

  test('answers 503 and logs a line if the file with the public key is missing, and 401 to a bad token', async () => {
    const put = async (token: string) => {
      const headers = { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` }
      const { status, text } = await request(offline.url, 'PUT /products/none', headers, '{')
      return { status, type: /urn:aisle:problem:([a-z-]+)/.exec(text)?.[1] }
    }
    const good = await services.token()
    const bad = good.replace(/[^.]{20}$/, 'A'.repeat(20))
    rmSync(join(services.env.AISLE_HOME, 'jwks.json'))
    const unavailable = { status: 503, type: 'token-keys-unavailable' }
    expect([await put(good), await put(bad)]).toEqual([unavailable, unavailable])
    expect(offline.output()).toMatch(/keys of the token issuer cannot be read.*ENOENT.*jwks\.json/)
    // Writes the file again.
    await services.token()
    expect(await put(bad)).toEqual({ status: 401, type: 'no-valid-token' })
    expect(await put(good)).toEqual({ status: 400, type: 'malformed-json' })
  })
})

test('STOREFRONT_ORIGINS replaces the allowed origins, and an empty value allows none', async () => {
  for (const [origins, isAllowed] of [
    ['https://shop.example,https://m.shop.example', true],
    ['', false],
  ] as const) {
    const other = await startNpxOffline({ ...services.env, STOREFRONT_ORIGINS: origins })
    try {
      const headers = { Origin: 'https://m.shop.example' }
      const { cors } = await request(other.url, 'GET /products/no', headers)
      expect(cors['access-control-allow-origin']).toBe(isAllowed ? 'https://m.shop.example' : undefined)
      expect((await request(other.url, 'GET /products/no', { Origin: other.url })).cors).toEqual({})
      const preflightHeaders = { ...headers, 'Access-Control-Request-Method': 'GET' }
      const preflight = await request(other.url, 'OPTIONS /products/no', preflightHeaders)
      expect(Object.keys(preflight.cors)).toHaveLength(isAllowed ? 5 : 0)
    } finally {
      await other.stop()
    }
  }
}, 120_000)

test('an API served over HTTPS with --httpsProtocol is guarded, too', async () => {
  const { key, cert } = trustedCertificate()
  const directory = freshDirectory()
  writeFileSync(join(directory, 'key.pem'), key)
  writeFileSync(join(directory, 'cert.pem'), cert)
  const secure = await startNpxOffline(services.env, directory)
  onTestFinished(() => secure.stop())
  const get = (headers: Record<string, string>) =>
    new Promise<IncomingMessage>((resolve, reject) => {
      requestHttps(`${secure.url}/-`, { headers, servername: 'localhost' }, resolve).on('error', reject).end()
    })
  const foreign = await get({ Origin: 'https://evil.example' })
  expect(foreign.statusCode).toBe(404)
  expect(foreign.headers).not.toHaveProperty('access-control-allow-origin')
  for (const headers of [{ Host: 'rebound.example' }, { 'SLS-Offline-Authorizer-Override': '{}' }])
    expect((await get(headers)).statusCode, JSON.stringify(headers)).toBe(403)
})
