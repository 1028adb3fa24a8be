import { describe, expect, test } from 'vitest'
import { aProduct, freshHandlers } from '../support/http.ts'
import { parsePage } from '../support/parseHtml.ts'

const { call, callWithEvent, put } = await freshHandlers()
await put('pot', { body: { ...aProduct, title: 'Moka pot' } })

const program = { accept: '*/*' }
const browser = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }

/** Sends a request that has no route of its own, as API Gateway does. */
const request = (method: string, rawPath: string, headers: Record<string, string> = program) =>
  callWithEvent('storefront', {
    ...{ routeKey: `${method} /{path+}`, rawPath, headers },
    requestContext: { http: { method, path: rawPath } },
  })

describe('a path without a route', () => {
  test('is a page of the shop for people, and a problem document for programs', async () => {
    for (const path of ['/nothing', '/products/1/none', '/wp-login.php', '//nothing']) {
      const page = await request('GET', path, browser)
      expect(page).toMatchObject({ statusCode: 404, headers: { 'content-type': 'text/html; charset=utf-8' } })
      expect(parsePage(page.body ?? '').texts('h1')).toEqual(['Page not found'])
      for (const headers of [program, {} as Record<string, string>, { accept: 'application/json' }])
        expect(await request('GET', path, headers)).toMatchObject({
          ...{
            statusCode: 404,
            headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store' },
          },
          json: { type: 'urn:aisle:problem:no-such-route', title: 'Not Found', status: 404 },
        })
    }
  })

  test('below /p and /c is a page for everybody, because CloudFront forwards no Accept there', async () => {
    for (const path of ['/p/1/none', '/p/', '/c', '/c/'])
      expect((await request('GET', path)).headers['content-type'], path).toBe('text/html; charset=utf-8')
    expect((await request('GET', '/products/x/y')).headers['content-type']).toBe('application/problem+json')
  })

  test('below /assets and /pictures is a problem document for everybody, as CloudFront makes it', async () => {
    for (const path of ['/assets/x/y', '/pictures/', '/pictures/a/b'])
      expect((await request('GET', path, browser)).headers['content-type'], path).toBe(
        'application/problem+json',
      )
  })

  test('is a problem document if the request refuses text/html', async () => {
    const typeFor = async (accept: string) =>
      (await request('GET', '/nothing', { accept })).headers['content-type']
    for (const accept of [
      'application/json, text/html;q=0',
      'text/html; Q=0.000',
      'text/html;level=1;q=0, */*',
    ])
      expect(await typeFor(accept), accept).toBe('application/problem+json')
    for (const accept of [
      'TEXT/HTML',
      'text/html;q=0.001, */*;q=0',
      'text/html;charset=utf-8;q=1',
      '*/*,text/html',
    ])
      expect(await typeFor(accept), accept).toBe('text/html; charset=utf-8')
  })

  test('with a slash too many is 404, and not 405 with the method that was sent', async () => {
    for (const path of ['//products', '//health', '//products/1', '/products//1', '//products/1/reviews'])
      expect(await request('GET', path), path).toMatchObject({
        statusCode: 404,
        json: { detail: 'There is nothing at this path. Send the request without the repeated slash' },
      })
  })

  test('is the same for any method', async () => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'HEAD'])
      expect(await request(method, '/nothing'), method).toMatchObject({
        statusCode: 404,
        json: { type: 'urn:aisle:problem:no-such-route' },
      })
  })
})

describe('a method that a path of the API does not have', () => {
  test.each([
    ['POST', '/categories', 'GET'],
    ['POST', '/products/1', 'GET, PUT, PATCH, DELETE'],
    ['DELETE', '/products', 'GET, POST'],
    ['GET', '/products/1/variants/M%2F6', 'PATCH'],
    ['HEAD', '/products/1', 'GET, PUT, PATCH, DELETE'],
  ])('%s %s is 405 with the methods that it has', async (method, path, allow) => {
    const answer = await request(method, path)
    expect(answer).toMatchObject({
      ...{ statusCode: 405, headers: { allow, 'content-type': 'application/problem+json' } },
      json: {
        ...{ type: 'urn:aisle:problem:method-not-allowed', title: 'Method Not Allowed', status: 405 },
        detail: `This path has no ${method}. It takes ${allow}`,
      },
    })
  })
})

describe('a method that a page or file of the shop does not have', () => {
  test.each(['/robots.txt', '/favicon.ico', '/assets/style-000000000000.css', '/pictures/a.svg'])(
    'is 405 at %s, as a problem document',
    async (path) => {
      const answer = await request('POST', path)
      expect(answer).toMatchObject({
        ...{ statusCode: 405, headers: { allow: 'GET, HEAD', 'content-type': 'application/problem+json' } },
        json: { detail: 'This path has no POST. It takes GET, HEAD' },
      })
    },
  )

  test.each(['/p/pot', '/p/pot/', '/c/kitchen/coffee'])('is 405 at %s, as a page', async (path) => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'])
      expect(await request(method, path), method).toMatchObject({
        ...{ statusCode: 405, headers: { allow: 'GET, HEAD', 'content-type': 'text/html; charset=utf-8' } },
      })
  })

  test('is explained to people in the words of a method, also at a path of the API', async () => {
    for (const [method, path] of [
      ['POST', '/p/pot'],
      ['GET', '/products/1/variants/M'],
    ] as const) {
      const page = parsePage((await request(method, path, browser)).body ?? '')
      expect(page.texts('h1')).toEqual(['This cannot be done here'])
      expect(page.texts('main')[0]).toContain(
        'This address exists, but it does not take this kind of request',
      )
    }
  })
})

describe('a slash at the end', () => {
  test('of a page leads to the page, whatever follows in the query', async () => {
    const product = await request('GET', '/p/pot/')
    expect(product).toMatchObject({ statusCode: 308, headers: { location: '/p/pot' } })
    expect((await request('HEAD', '/p/pot//')).headers.location).toBe('/p/pot')
    const category = await call('storefront', {
      ...{ route: 'GET /c/{category+}', path: { category: 'kitchen/coffee/' }, query: { utm_source: 'x' } },
    })
    expect(category).toMatchObject({ statusCode: 308, headers: { location: '/c/kitchen/coffee' } })
  })

  test('of a path of the API is 404, and the problem says to leave it out', async () => {
    for (const path of ['/products/', '/products/1/', '/categories//'])
      expect(await request('GET', path), path).toMatchObject({
        statusCode: 404,
        json: { detail: 'There is nothing at this path. Send the request without the slash at its end' },
      })
  })

  test('leads to no other host, and into no header', async () => {
    for (const path of [
      '//evil.example/',
      '/p//evil.example/',
      '/p/\\evil.example/',
      '/p/a\r\nset-cookie: x/',
      '/p/../x/',
    ])
      expect((await request('GET', path)).headers.location, path).toBeUndefined()
    for (const category of ['/evil.example/', 'a\r\nb/', '../'])
      expect(
        (await call('storefront', { route: 'GET /c/{category+}', path: { category } })).headers.location,
        category,
      ).toBeUndefined()
  })
})

test('HEAD of a page and of a file has the headers of GET', async () => {
  const routes: [string, Record<string, string>][] = [
    ['/', {}],
    ['/p/{id}', { id: 'pot' }],
    ['/c/{category+}', { category: 'kitchen/coffee' }],
    ['/pictures/{name}', { name: 'moka-pot.svg' }],
    ['/robots.txt', {}],
  ]
  for (const [route, path] of routes) {
    const get = await call('storefront', { route: `GET ${route}`, path })
    const head = await call('storefront', { route: `HEAD ${route}`, path })
    const stable = ({ statusCode, headers }: typeof get) => ({
      statusCode,
      ...{ etag: headers.etag, type: headers['content-type'] },
    })
    expect(stable(head), route).toEqual(stable(get))
  }
})

test('robots.txt keeps crawlers to the pages', async () => {
  const { statusCode, headers, body = '' } = await call('storefront', { route: 'GET /robots.txt' })
  expect({ statusCode, type: headers['content-type'] }).toEqual({
    statusCode: 200,
    type: 'text/plain; charset=utf-8',
  })
  const [agent, ...rules] = body.trimEnd().split('\n')
  expect(agent).toBe('User-agent: *')
  const isAllowed = (path: string) => !rules.some((rule) => path.startsWith(rule.replace('Disallow: ', '')))
  for (const path of ['/', '/p/1', '/c/kitchen', '/pictures/a.svg', '/assets/a.css'])
    expect(isAllowed(path), path).toBe(true)
  for (const path of ['/products/1', '/products', '/categories', '/health'])
    expect(isAllowed(path), path).toBe(false)
})

test('favicon.ico is the icon that the pages name', async () => {
  const icon = await call('storefront', { route: 'GET /favicon.ico' })
  expect(icon).toMatchObject({ statusCode: 200, headers: { 'content-type': 'image/svg+xml' } })
  const home = parsePage((await call('storefront', { route: 'GET /' })).body ?? '')
  const name = home.link('icon')?.replace('/assets/', '') ?? ''
  const named = await call('storefront', { route: 'GET /assets/{name}', path: { name } })
  expect(icon.body).toBe(named.body)
})
