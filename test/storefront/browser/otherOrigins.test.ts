/// <reference lib="dom" />
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ScanCommand } from '@aws-sdk/lib-dynamodb'
import type { Page } from 'playwright-core'
import { expect, onTestFinished } from 'vitest'
import { aProduct } from '../../support/http.ts'
import { startNpxOffline } from '../../support/offline.ts'
import { test } from '../../support/visit.ts'

/** Opens a page of an origin that the configuration does not list. */
async function openForeignPage(visit: (path: string) => Promise<Page>): Promise<Page> {
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>Foreign</title>')
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  onTestFinished(() => void server.close().closeAllConnections())
  return visit(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
}

interface Init {
  method?: string
  mode?: 'cors' | 'no-cors'
  headers?: Record<string, string>
  body?: string
}

/** Sends a request from a page's own script. Returns the status and the text that the script can read, or `refused`. */
const requestFrom = (page: Page, url: string, init: Init = {}) =>
  page.evaluate(
    async ([url, init]) => {
      try {
        const answer = await fetch(url, init)
        return { type: answer.type, status: answer.status, text: await answer.text() }
      } catch (error) {
        return { type: 'refused', reason: String(error) }
      }
    },
    [url, init] as const,
  )

test('a page of a listed origin can follow the Link headers of a listing and read its exposed headers', async ({
  shop,
  visit,
}) => {
  // The shop's other host name is another origin. A JSON response has no policy that forbids requests, unlike a page.
  const page = await visit(`${shop.url.replace('127.0.0.1', 'localhost')}/categories`)
  expect(await page.evaluate(() => location.origin)).not.toBe(shop.url)
  const read = await page.evaluate(async (start) => {
    const ids: string[] = []
    const headers: (string | null)[] = []
    for (let next: string | undefined = start; next !== undefined; ) {
      const answer: Response = await fetch(next, { headers: { 'if-none-match': '"none"' } })
      const { items } = (await answer.json()) as { items: { id: string }[] }
      ids.push(...items.map(({ id }) => id))
      headers.push(answer.headers.get('cache-status'), answer.headers.get('etag'))
      const target = /<([^>]+)>; rel="next"/.exec(answer.headers.get('link') ?? '')?.[1]
      next = target === undefined ? undefined : new URL(target, answer.url).href
    }
    const hasTiming = performance.getEntriesByType('resource').some((entry) => {
      return (entry as PerformanceResourceTiming).serverTiming.length > 0
    })
    return { ids, headers, hasTiming }
  }, `${shop.url}/products?category=kitchen&limit=2`)
  expect(read.ids.length).toBeGreaterThan(4)
  expect(new Set(read.ids).size).toBe(read.ids.length)
  expect(read.headers).not.toContain(null)
  expect(read.hasTiming).toBe(true)
  // As on AWS, it cannot send PUT: CorsConfiguration allows only GET and POST.
  const put = { method: 'PUT', headers: { 'content-type': 'application/json' }, body: '{}' }
  expect(await requestFrom(page, `${shop.url}/products/1`, put)).toMatchObject({ type: 'refused' })
}, 60_000)

test('a page of an unlisted origin can neither read nor write at any of the ports', async ({
  shop,
  visit,
}) => {
  const { db, table, env, dynamodb } = shop.services
  const offline = await startNpxOffline(env)
  onTestFinished(() => offline.stop())
  const page = await openForeignPage(visit)
  const catalogue = async () => {
    const { Items = [] } = await db.send(new ScanCommand({ TableName: table, ConsistentRead: true }))
    return Items.filter(({ sk }) => sk === 'PRODUCT' || sk.startsWith('REVIEW#'))
  }
  const before = await catalogue()

  const scope = 'catalog:write reviews:write'
  const body = JSON.stringify(aProduct)
  const json = { 'content-type': 'application/json' }
  const override = JSON.stringify({ lambda: { scope } })
  const amz = {
    'x-amz-target': 'DynamoDB_20120810.DeleteTable',
    'content-type': 'application/x-amz-json-1.0',
  }
  const signed = {
    authorization: 'AWS4-HMAC-SHA256 Credential=local/20261126/local/dynamodb/aws4_request, x',
  }
  const api = { pathParameters: { id: 'forged' }, headers: json, body }
  const event = JSON.stringify({ ...api, requestContext: { authorizer: { lambda: { scope } } } })
  const invocation = `${offline.lambdaUrl}/2015-03-31/functions/aisle-local-putProduct/invocations`
  const token = { ...json, authorization: `Bearer ${await shop.services.token(scope)}` }

  for (const url of [shop.url, offline.url]) {
    for (const path of ['/products/1', '/products?ids=1', '/none', '/'])
      expect(await requestFrom(page, url + path), path).toMatchObject({ type: 'refused' })
    for (const headers of [token, { ...json, 'sls-offline-authorizer-override': override }])
      for (const method of ['PUT', 'PATCH', 'DELETE', 'POST'])
        expect(
          await requestFrom(page, `${url}/products${method === 'POST' ? '' : '/1'}`, {
            ...{ method, headers },
            ...(method !== 'DELETE' && { body }),
          }),
        ).toMatchObject({ type: 'refused' })
    // A page can always send this request without a token, but cannot read the response.
    const opaqueRequest: Init = { method: 'POST', mode: 'no-cors', body }
    expect(await requestFrom(page, `${url}/products`, opaqueRequest)).toMatchObject({ type: 'opaque' })
  }
  for (const [headers, mode] of [
    [{ 'content-type': 'text/plain' }, 'cors'],
    [{ 'content-type': 'text/plain' }, 'no-cors'],
    [json, 'cors'],
  ] as const)
    expect(
      (await requestFrom(page, invocation, { method: 'POST', headers, mode, body: event })).type,
    ).toMatch(mode === 'cors' ? 'refused' : 'opaque')
  const flush: Init = { method: 'POST', mode: 'no-cors' }
  expect(await requestFrom(page, `${shop.url}/inspector/update?id=1`, flush)).toMatchObject({
    type: 'opaque',
  })
  expect(await requestFrom(page, `${shop.url}/inspector/products/1`)).toMatchObject({ type: 'refused' })
  expect(
    await requestFrom(page, dynamodb.url, {
      method: 'POST',
      headers: { ...amz, ...signed },
      body: `{"TableName":"${table}"}`,
    }),
  ).toMatchObject({ type: 'refused' })

  expect(await catalogue()).toEqual(before)
  expect(offline.output()).not.toContain('putProduct)')
}, 120_000)
