import { describe, expect, test } from 'vitest'
import { fileCleanup } from '../support/fileCleanup.ts'
import { aProduct, freshHandlers } from '../support/http.ts'
import { startNetwork } from '../support/network.ts'

const { call, put } = await freshHandlers()
const afterFile = fileCleanup()
const network = await startNetwork()
afterFile(() => network.worker.kill())
const wire = await network.open(Number(new URL(process.env.DYNAMODB_ENDPOINT ?? '').port), 0)
process.env.DYNAMODB_ENDPOINT = `http://127.0.0.1:${wire.port}`

const getPage = (id: string) => call('getPage', { path: { id } })

let requested = 0
/** Requests product pages that this process has not requested before, so that it queries the database. */
const requestPages = (count: number, prefix: string) =>
  Promise.all(Array.from({ length: count }, () => getPage(`${prefix}${requested++}`)))

/** Opens many connections that become idle, and creates products that this process has not read. */
async function warmUp() {
  await wire.reset()
  const ids = Array.from({ length: 4 }, (_, n) => `p${requested + 12 + n}`)
  const created = await Promise.all(ids.map((id) => put(id, { body: aProduct })))
  for (const { statusCode } of [...created, ...(await requestPages(12, 'none'))])
    expect([201, 404]).toContain(statusCode)
}

const statuses = async () => (await requestPages(4, 'p')).map(({ statusCode }) => statusCode)

describe.each([
  // The cost proves that the connections are dead: one timeout, or none.
  ['are reset by the next packet', () => wire.forget(), 0],
  ['carry no more data', () => Promise.all([wire.swallow('up'), wire.swallow('down')]), 1000],
])('a sandbox that thaws while all its connections %s', (_, kill, leastMs) => {
  test('responds to product pages, which need several concurrent queries', async () => {
    await warmUp()
    await kill()
    const start = performance.now()
    expect(await statuses()).toEqual([200, 200, 200, 200])
    expect(performance.now() - start).toBeGreaterThan(leastMs - 10)
  })

  test('still writes', async () => {
    await warmUp()
    await kill()
    const start = performance.now()
    expect((await put('c', { body: aProduct })).statusCode).toBeLessThan(300)
    expect(performance.now() - start).toBeGreaterThan(leastMs - 10)
  })
})
