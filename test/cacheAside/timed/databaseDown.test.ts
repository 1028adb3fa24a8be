import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { LoadFailed } from '../../../lib/cacheAside/index.ts'
import { startTestbed } from '../../support/testbed.ts'
import { timed } from '../../support/timed.ts'

const testbed = await startTestbed()

timed(
  'G6: a failed load is one typed error with its cause, never the answer "does not exist"',
  testbed,
  async ({ database }) => {
    const { cache, redis } = await testbed.open()
    await database.write('a', 'x')
    const failure = new Error('throttled')
    database.failure = failure
    const error = await cache.get('a').catch((caught) => caught)
    database.failure = undefined
    expect(error).toBeInstanceOf(LoadFailed)
    expect(error).toMatchObject({ id: 'a', cause: failure })
    // The mark of the failure stays for a moment, so that the next load does not follow at once.
    expect(await redis.pttl(cache.key('a'))).toBeLessThanOrEqual(200)
    expect(await redis.pttl(cache.key('a'))).toBeGreaterThan(0)
    await sleep(250)
    expect(await cache.get('a')).toMatchObject({ value: { text: 'x' }, status: { stored: true } })
  },
)

timed('G6: a load that takes too long is aborted', testbed, async () => {
  let aborted = false
  const { cache } = await testbed.open({
    loadTimeoutMs: 50,
    load: (_, { signal }) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          aborted = true
          reject(signal.reason)
        })
      }),
  })
  await expect(cache.get('b')).rejects.toThrow(LoadFailed)
  expect(aborted).toBe(true)
})

timed('G6: a caller with less time than loadTimeoutMs is answered within its own time', testbed, async () => {
  const { cache } = await testbed.open({ load: () => new Promise(() => {}) })
  const start = performance.now()
  await expect(cache.get('c', { budgetMs: 50 })).rejects.toThrow(LoadFailed)
  expect(performance.now() - start).toBeLessThan(1000)
})

timed('G6: a version that is not a safe integer is an error, and nothing is stored', testbed, async () => {
  const { cache, redis } = await testbed.open({
    load: async () => ({ value: { text: 'x' }, version: 1.5 }),
  })
  await expect(cache.get('d')).rejects.toThrow(/1.5/)
  expect(String(await redis.get(cache.key('d')))).not.toMatch(/^[EN]/)
})

timed('G6: callers that wait for the same load share its error', testbed, async ({ database }) => {
  const { cache } = await testbed.open()
  database.failure = new Error('away')
  const answers = await Promise.allSettled(Array.from({ length: 5 }, () => cache.get('e')))
  database.failure = undefined
  expect(answers.every(({ status }) => status === 'rejected')).toBe(true)
})
