import { describe, expect, test } from 'vitest'
import { untilFileEnds } from '../support/ends.ts'
import { aProduct, freshHandlers } from '../support/http.ts'
import { startNetwork } from '../support/network.ts'

const { call, put } = await freshHandlers()
const ends = untilFileEnds()
const network = await startNetwork()
ends(() => network.worker.kill())
const wire = await network.open(Number(new URL(process.env.DYNAMODB_ENDPOINT ?? '').port), 0)
process.env.DYNAMODB_ENDPOINT = `http://127.0.0.1:${wire.port}`

const page = (id: string) => call('getPage', { path: { id } })

let asked = 0
/** What this process has not asked for before, so that it asks the database. */
const pages = (count: number, prefix: string) =>
  Promise.all(Array.from({ length: count }, () => page(`${prefix}${asked++}`)))

/** Has this process hold many connections that nobody uses, and products that it has not read. */
async function warmUp() {
  await wire.reset()
  const ids = Array.from({ length: 4 }, (_, n) => `p${asked + 12 + n}`)
  const created = await Promise.all(ids.map((id) => put(id, { body: aProduct })))
  for (const { statusCode } of [...created, ...(await pages(12, 'none'))])
    expect([201, 404]).toContain(statusCode)
}

const statuses = async () => (await pages(4, 'p')).map(({ statusCode }) => statusCode)

describe.each([
  // That they are dead is seen by what they cost: a time limit, or nothing.
  ['are reset by what is sent on them', () => wire.forget(), 0],
  ['carry nothing any more', () => Promise.all([wire.swallow('up'), wire.swallow('down')]), 1000],
])('where all of its connections %s, a sandbox that thaws', (_, die, leastMs) => {
  test('answers pages, which ask several things at once', async () => {
    await warmUp()
    await die()
    const begun = performance.now()
    expect(await statuses()).toEqual([200, 200, 200, 200])
    expect(performance.now() - begun).toBeGreaterThan(leastMs - 10)
  })

  test('writes', async () => {
    await warmUp()
    await die()
    const begun = performance.now()
    expect((await put('c', { body: aProduct })).statusCode).toBeLessThan(300)
    expect(performance.now() - begun).toBeGreaterThan(leastMs - 10)
  })
})
