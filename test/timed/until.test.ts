import { expect } from 'vitest'
import { sharedNow } from '../support/clock.ts'
import { type Answer, startFleet } from '../support/fleet.ts'
import { timed } from '../support/timed.ts'

const fleet = await startFleet(3)
const cache = 'ends'
const everyMs = 250
const periods = 20

/** Values that would be kept for a minute, and a minute more where they are stale. */
const options = { ttl: 60_000, staleWhileRevalidate: 60_000, staleIfError: 60_000 }

async function readAround(perEnd: number) {
  const all = await Promise.all(
    fleet.processes.map((each) => each.call('getAround', { cache, id: 'a', everyMs, periods })),
  )
  expect(all.flatMap(({ wrong }) => wrong)).toEqual([])
  const counts = Array.from({ length: periods }, (_, n) =>
    all.reduce((sum, { counts }) => sum + (counts[n] ?? 0), 0),
  )
  expect(Math.min(...counts)).toBeGreaterThan(perEnd)
}

timed('a value that ends is served by no process a moment longer', fleet, async () => {
  await fleet.open({ cache, options })
  await fleet.texts.write('a', 'x')
  await fleet.behave({ endsEveryMs: everyMs })
  await readAround(1000)
})

timed('nor where it is loaded slowly, so that it ends meanwhile', fleet, async () => {
  await fleet.open({ cache, options })
  await fleet.texts.write('a', 'x')
  await fleet.behave({ endsEveryMs: everyMs, slowMs: 5 })
  await readAround(1000)
})

timed('nor out of the fallback, while Redis is away', fleet, async ({ redis }) => {
  await fleet.open({ cache, options })
  await fleet.texts.write('a', 'x')
  await fleet.behave({ endsEveryMs: everyMs })
  await redis.wire.close()
  await readAround(1000)
})

timed('nor while the database is away', fleet, async () => {
  const [process] = fleet.processes
  await fleet.open({ cache, options })
  await fleet.texts.write('a', 'x')
  await fleet.behave({ endsEveryMs: 1500 })
  const [answer] = (await process?.call('get', { cache, id: 'a' })) ?? []
  expect(answer).toMatchObject({ status: { stored: true } })
  await fleet.behave({ failMs: 1 })
  const answers = (await process?.call('watch', { cache, ids: ['a'], ms: 2000, everyMs: 5 })) ?? []
  const last = answers.findLast(({ error }) => !error) as Answer
  expect(last).toMatchObject({ status: { hit: true } })
  expect(answers.at(-1)).toMatchObject({ error: { name: 'LoadFailed' } })
  // It was asked for before it ended, by this machine's clock, which is the process' own.
  const askedAt = last.at - last.took + Date.now() - sharedNow()
  expect(askedAt).toBeLessThan((Number((last.value as { text: string }).text) + 1) * 1500 + 1)
})
