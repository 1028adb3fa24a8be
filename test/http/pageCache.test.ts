import { expect, test } from 'vitest'
import { renderCached } from '../../lib/http/pageCache.ts'
import { aProduct, freshHandlers } from '../support/http.ts'
import { parsePage } from '../support/parseHtml.ts'
import { freshRedis } from '../support/redis.ts'

const { call, put, redisPort } = await freshHandlers()
const getPage = async (id: string) => call('storefront', { route: 'GET /p/{id}', path: { id } })
const getHeadings = ({ body = '' }: { body?: string }) => parsePage(body).texts('h1')

test('a page shows a new document as soon as there is one, and its ETag changes', async () => {
  await freshRedis({ port: redisPort })
  await put('a', { body: { ...aProduct, title: 'First' } })
  // On a machine that has just started, the first read may exceed the timeout of Redis.
  await expect
    .poll(async () => (await getPage('a')).headers['cache-status'], { timeout: 10_000 })
    .toMatch(/hit/)
  const first = await getPage('a')
  expect(getHeadings(first)).toEqual(['First'])
  expect((await getPage('a')).body).toBe(first.body)
  await put('a', { body: { ...aProduct, title: 'Second' } })
  const second = await getPage('a')
  expect(getHeadings(second)).toEqual(['Second'])
  expect(second.body).not.toContain('First')
  expect(second.headers.etag).not.toBe(first.headers.etag)
  // The same as before but for its version, so the stored page of the first document is not used.
  await put('a', { body: { ...aProduct, title: 'First' } })
  expect((await getPage('a')).headers.etag).not.toBe(first.headers.etag)
})

test('the cache of pages is bounded, and evicts the least recently requested page', () => {
  const renders: string[] = []
  const render = (tag: string, length = 400_000) =>
    renderCached(tag, () => {
      renders.push(tag)
      return 'x'.repeat(length)
    })
  // Eighty of them fit.
  for (let n = 0; n < 300; n++) {
    render(`${n}`)
    render('popular')
  }
  expect(renders).toHaveLength(301)
  // A page that would evict too many others is rendered every time.
  for (let n = 0; n < 3; n++) render('giant', 7_000_000)
  render('299')
  render('225')
  expect(renders.slice(301)).toEqual(['giant', 'giant', 'giant'])
  render('219')
  expect(renders.slice(304)).toEqual(['219'])
})
