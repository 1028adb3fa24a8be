import { expect } from 'vitest'
import { cacheLog, type Process, startFleet } from '../../support/fleet.ts'
import { timed } from '../../support/timed.ts'

const fleet = await startFleet(1)
const cache = 'big'
const megabyte = 2 ** 20

timed(
  'G7: the fallback does not hold a whole list because of the one id that was loaded last',
  fleet,
  async ({ redis }) => {
    const [process] = fleet.processes as [Process]
    await fleet.open({ cache })
    await process.call('behave', { chars: 210_000 })
    const ids = Array.from({ length: 100 }, (_, n) => `id${n}`)
    await Promise.all(ids.map((id) => fleet.texts.write(id, 'x')))
    await redis.wire.close()
    // Opens the breaker.
    for (let n = 0; n < 4; n++) await process.call('load', { cache, ids: ['id0'] })
    const before = await process.call('memory')
    expect(await process.call('load', { cache, ids })).toEqual([])
    expect(((await process.call('memory')) - before) / megabyte).toBeLessThan(24)
  },
)

timed('G7: the fallback is bounded in bytes, and is dropped when Redis is back', fleet, async ({ redis }) => {
  const [process] = fleet.processes as [Process]
  await fleet.open({ cache })
  await process.call('behave', { chars: 210_000 })
  const ids = Array.from({ length: 1000 }, (_, n) => `id${n}`)
  await Promise.all(ids.map((id) => fleet.texts.write(id, 'x')))
  const before = await process.call('memory')
  await redis.wire.close()
  for (let at = 0; at < ids.length; at += 25) {
    const failed = await process.call('load', { cache, ids: ids.slice(at, at + 25) })
    expect(failed).toEqual([])
  }
  expect((await cacheLog([process])).filter(({ type }) => type === 'breaker')).toMatchObject([
    { state: 'open' },
  ])
  // 16 MB of values, and the process's other memory.
  expect(((await process.call('memory')) - before) / megabyte).toBeLessThan(40)
  await redis.wire.reset()
  // One call each half second probes, and the first that succeeds closes the breaker.
  await expect
    .poll(async () => {
      await process.call('load', { cache, ids: ['id1'] })
      return (await cacheLog([process])).some((event) => event.type === 'breaker' && event.state === 'closed')
    })
    .toBe(true)
  expect(((await process.call('memory')) - before) / megabyte).toBeLessThan(8)
})
