import { expect, test } from 'vitest'
import { rendered } from '../../lib/http/rendered.ts'
import { pageOf } from '../support/htmlOf.ts'
import { aProduct, freshHandlers } from '../support/http.ts'
import { freshRedis } from '../support/redis.ts'

const { call, put, redisPort } = await freshHandlers()
const shown = async (id: string) => call('storefront', { route: 'GET /p/{id}', path: { id } })
const headingsOf = ({ body = '' }: { body?: string }) => pageOf(body).texts('h1')

test('a page that was rendered before shows the next document as soon as that is there, and its tag changes with it', async () => {
  await freshRedis({ port: redisPort })
  await put('a', { body: { ...aProduct, title: 'First' } })
  // The first may be too late for Redis' time limit on a machine that has just begun.
  await expect
    .poll(async () => (await shown('a')).headers['cache-status'], { timeout: 10_000 })
    .toMatch(/hit/)
  const first = await shown('a')
  expect(headingsOf(first)).toEqual(['First'])
  expect((await shown('a')).body).toBe(first.body)
  await put('a', { body: { ...aProduct, title: 'Second' } })
  const second = await shown('a')
  expect(headingsOf(second)).toEqual(['Second'])
  expect(second.body).not.toContain('First')
  expect(second.headers.etag).not.toBe(first.headers.etag)
  // Back to what it was, but for its version: what is kept of the first document is not taken for it.
  await put('a', { body: { ...aProduct, title: 'First' } })
  expect((await shown('a')).headers.etag).not.toBe(first.headers.etag)
})

test('what is kept is bounded: the page that was asked for last stays, the one that nobody asked for goes', () => {
  const renders: string[] = []
  const render = (tag: string, length = 400_000) =>
    rendered(tag, () => {
      renders.push(tag)
      return 'x'.repeat(length)
    })
  // Eighty of them have room.
  for (let n = 0; n < 300; n++) {
    render(`${n}`)
    render('popular')
  }
  expect(renders).toHaveLength(301)
  // One that would drive the others out is rendered each time.
  for (let n = 0; n < 3; n++) render('giant', 7_000_000)
  render('299')
  render('225')
  expect(renders.slice(301)).toEqual(['giant', 'giant', 'giant'])
  render('219')
  expect(renders.slice(304)).toEqual(['219'])
})
