import { readFileSync, writeFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { join } from 'node:path'
import { ScanCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { parse } from 'yaml'
import { projectFolder } from '../../lib/project/folder.ts'
import { freshFolder } from '../support/cli.ts'
import { aProduct } from '../support/http.ts'
import { startNpxOffline, startServices } from '../support/offline.ts'
import { rawRequest, sendRaw } from '../support/rawHttp.ts'
import { trustedCertificate } from '../support/tls.ts'

const moved =
  'serverless-offline no longer makes its servers so that resources/localServers.cjs stands before them: see there'

let services: Awaited<ReturnType<typeof startServices>>
let offline: Awaited<ReturnType<typeof startNpxOffline>>
beforeAll(async () => {
  services = await startServices()
  offline = await startNpxOffline(services.env)
}, 90_000)
afterAll(async () => {
  await offline?.stop()
  await services?.stop()
})

/** Sends headers as they are given, and nothing else. */
async function ask(url: string, line: string, headers: Record<string, string> = {}, body = '') {
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
  const told = [...head.matchAll(/^([\w-]+): (.*)$/gm)].map(([, name = '', value = '']): [string, string] => [
    ...([name.toLowerCase(), value.trim()] as const),
  ])
  const cors = told.filter(([name]) => /^(access-control|timing)-allow|^access-control/.test(name))
  return { status, text, headers: Object.fromEntries(told), cors: Object.fromEntries(cors) }
}

/** An event that says of itself that its sender may write. */
const forged = JSON.stringify({
  pathParameters: { id: 'forged' },
  headers: { 'content-type': 'application/json' },
  requestContext: { authorizer: { lambda: { scope: 'catalog:write' } } },
  body: JSON.stringify(aProduct),
})
const invocation = 'POST /2015-03-31/functions/aisle-local-putProduct/invocations'
const stored = async () => (await services.db.send(new ScanCommand({ TableName: services.table }))).Items

describe('the port that invokes functions', () => {
  test('stands behind the guard, and so does the other one', async () => {
    for (const url of [offline.lambdaUrl, offline.url])
      expect((await ask(url, 'GET /-', { Host: 'rebound.example' })).status, `${url}: ${moved}`).toBe(403)
  })

  test('refuses a page, whatever it calls itself, and a name that was pointed here, and invokes nothing', async () => {
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
      const { status, cors, text } = await ask(offline.lambdaUrl, invocation, headers, forged)
      expect(status, JSON.stringify(headers)).toBe(403)
      expect(cors).toEqual({})
      expect(text).toMatch(/localhost/)
    }
    // Nor as an event, which answers before its function has ended; nor by the older address.
    const event = { ...plain, Origin: 'null', 'X-Amz-Invocation-Type': 'Event' }
    expect((await ask(offline.lambdaUrl, invocation, event, forged)).status).toBe(403)
    const older = 'POST /2014-11-13/functions/aisle-local-putProduct/invoke-async/'
    expect((await ask(offline.lambdaUrl, older, event, forged)).status).toBe(403)
    const preflight = { Origin: 'https://evil.example', 'Access-Control-Request-Method': 'POST' }
    const path = invocation.replace('POST', 'OPTIONS')
    expect(await ask(offline.lambdaUrl, path, preflight)).toMatchObject({ status: 403, cors: {} })
    expect(await stored()).toEqual([])
    expect(offline.output()).not.toContain('PUT /products')
  })

  test('serves programs of this machine, as before', async () => {
    for (const host of ['127.0.0.1', 'localhost', 'LOCALHOST', '[::1]']) {
      const name = { Host: `${host}:${new URL(offline.lambdaUrl).port}` }
      const path = 'POST /2015-03-31/functions/aisle-local-getHealth/invocations'
      const { status, text } = await ask(offline.lambdaUrl, path, name, '{}')
      expect(status, host).toBe(200)
      expect(text).toContain('\\"status\\"')
    }
  })
})

describe('the API', () => {
  const { extensions } = parse(readFileSync(join(projectFolder, 'resources/http.yml'), 'utf8'))
  const [, configured] = extensions.HttpApi.Properties.CorsConfiguration['Fn::If']
  const preflight = (origin: string, method = 'PUT') => ({
    ...{ Origin: origin, 'Access-Control-Request-Method': method },
    'Access-Control-Request-Headers': 'authorization,sls-offline-authorizer-override',
  })
  const own = () => offline.url
  const local = () => offline.url.replace('127.0.0.1', 'localhost')
  const exposed = configured.ExposeHeaders.join(',')

  test('answers preflights as CorsConfiguration says, whatever is asked for', async () => {
    for (const origin of [own(), local()])
      for (const path of ['/products/1', '/none'])
        expect(await ask(offline.url, `OPTIONS ${path}`, preflight(origin))).toMatchObject({
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

  test('tells an origin that is not listed nothing: neither at a preflight nor at an answer', async () => {
    for (const origin of [
      'https://evil.example',
      'null',
      '*',
      `${own()}.evil.example`,
      'http://127.0.0.1:1',
    ]) {
      expect(await ask(offline.url, 'OPTIONS /products/1', preflight(origin))).toMatchObject({
        status: 204,
        cors: {},
      })
      for (const [path, status] of Object.entries({ '/categories': 200, '/products/no': 404, '/none': 404 }))
        expect(await ask(offline.url, `GET ${path}`, { Origin: origin }), path).toMatchObject({
          status,
          cors: {},
        })
    }
  })

  test('names a listed origin at every answer, with what its scripts may read and without credentials', async () => {
    for (const [path, status] of Object.entries({ '/categories': 200, '/products/no': 404, '/none': 404 })) {
      const { cors, ...answer } = await ask(offline.url, `GET ${path}`, { Origin: own() })
      expect(answer, path).toMatchObject({ status })
      expect(cors).toEqual({
        'access-control-allow-origin': own(),
        'access-control-expose-headers': exposed,
        // Of the function, which hears of the origin here as on AWS.
        ...(path !== '/none' && { 'timing-allow-origin': own() }),
      })
    }
    const { cors, headers } = await ask(offline.url, 'GET /categories')
    expect({ cors, vary: headers.vary }).toEqual({ cors: {}, vary: 'Origin' })
  })

  test('answers to the names of this machine only', async () => {
    for (const host of ['127.0.0.1', 'localhost:3000', '[::1]:3000'])
      expect((await ask(offline.url, 'GET /categories', { Host: host })).status, host).toBe(200)
    for (const host of [
      'rebound.example',
      'localhost.rebound.example',
      '127.0.0.1.rebound.example:3000',
      '',
    ]) {
      const { status, text } = await ask(offline.url, 'GET /categories', { Host: host, Origin: own() })
      expect(status, host).toBe(403)
      expect(text).toMatch(/localhost/)
    }
  })

  test('takes no header for a token, as it does not on AWS', async () => {
    const authorizer = JSON.stringify({ lambda: { scope: 'catalog:write' } })
    const headers = { 'Content-Type': 'application/json', 'SLS-Offline-Authorizer-Override': authorizer }
    const put = await ask(offline.url, 'PUT /products/forged', headers, JSON.stringify(aProduct))
    expect(put.status).toBe(403)
    expect(await stored()).toEqual([])
  })
})

test('STOREFRONT_ORIGINS names the origins instead; where it is empty there are none', async () => {
  for (const [origins, allowed] of [
    ['https://shop.example,https://m.shop.example', true],
    ['', false],
  ] as const) {
    const other = await startNpxOffline({ ...services.env, STOREFRONT_ORIGINS: origins })
    try {
      const headers = { Origin: 'https://m.shop.example' }
      const { cors } = await ask(other.url, 'GET /products/no', headers)
      expect(cors['access-control-allow-origin']).toBe(allowed ? 'https://m.shop.example' : undefined)
      expect((await ask(other.url, 'GET /products/no', { Origin: other.url })).cors).toEqual({})
      const asked = { ...headers, 'Access-Control-Request-Method': 'GET' }
      const preflight = await ask(other.url, 'OPTIONS /products/no', asked)
      expect(Object.keys(preflight.cors)).toHaveLength(allowed ? 5 : 0)
    } finally {
      await other.stop()
    }
  }
}, 120_000)

test('an API by HTTPS, as --httpsProtocol has it, stands behind the guard as well', async () => {
  const { key, cert } = trustedCertificate()
  const folder = freshFolder()
  writeFileSync(join(folder, 'key.pem'), key)
  writeFileSync(join(folder, 'cert.pem'), cert)
  const secure = await startNpxOffline(services.env, folder)
  onTestFinished(() => secure.stop())
  const get = (headers: Record<string, string>) =>
    new Promise<IncomingMessage>((resolve, reject) => {
      request(`${secure.url}/-`, { headers, servername: 'localhost' }, resolve).on('error', reject).end()
    })
  const stranger = await get({ Origin: 'https://evil.example' })
  expect(stranger.statusCode).toBe(404)
  expect(stranger.headers).not.toHaveProperty('access-control-allow-origin')
  for (const headers of [{ Host: 'rebound.example' }, { 'SLS-Offline-Authorizer-Override': '{}' }])
    expect((await get(headers)).statusCode, JSON.stringify(headers)).toBe(403)
})
