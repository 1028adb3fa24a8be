import { expect } from 'vitest'
import { sharedNow } from '../../support/clock.ts'
import { type Answer, startFleet } from '../../support/fleet.ts'
import { timed } from '../../support/timed.ts'

const fleet = await startFleet(3)
const cache = 'ends'
const everyMs = 500
/** So many ends are read around, each so many times at least; and how many ends are looked at together. */
const asked = { ends: 20, reads: 1000, together: 5 }

/** Values that would be kept for a minute, and a minute more where they are stale. */
const options = { ttl: 60_000, staleWhileRevalidate: 60_000, staleIfError: 60_000 }

/** Reads until that is done. Where the machine is busy, some ends are read around less often: they are looked at and not counted. */
async function readAround() {
  for (let ends = 0; ends < asked.ends; ) {
    const all = await Promise.all(
      fleet.processes.map((each) =>
        each.call('getAround', { cache, id: 'a', everyMs, periods: asked.together }),
      ),
    )
    expect(all.flatMap(({ wrong }) => wrong)).toEqual([])
    for (let n = 0; n < asked.together; n++)
      if (all.reduce((sum, { counts }) => sum + (counts[n] ?? 0), 0) >= asked.reads) ends++
  }
}

/** It is read 150 ms before its end, and at hand 150 ms after that. */
const ending = { endsEveryMs: 1000, slowMs: 300 }

/** Some read before the load begins, some while it is under way, some when what it has read has ended. */
async function readWhileItEnds() {
  const end = (Math.floor(Date.now() / ending.endsEveryMs) + 2) * ending.endsEveryMs
  const begin = sharedNow() + end - Date.now() - ending.slowMs / 2
  const answers = await Promise.all(
    fleet.processes.flatMap((each) => [
      ...[0, 100, 200].map((later) => each.call('get', { cache, id: 'a', callers: 5, at: begin + later })),
      each.call('getMany', { cache, ids: ['a'], at: begin }),
    ]),
  )
  expect(answers.flat().map(({ value }) => value)).toEqual(
    answers.flat().map(() => ({ text: String(end / ending.endsEveryMs) })),
  )
}

timed('a value that ends is served by no process a moment longer', fleet, async () => {
  await fleet.open({ cache, options })
  await fleet.texts.write('a', 'x')
  await fleet.behave({ endsEveryMs: everyMs })
  await readAround()
})

timed('nor where each load takes its time', fleet, async () => {
  await fleet.open({ cache, options })
  await fleet.texts.write('a', 'x')
  await fleet.behave({ endsEveryMs: everyMs, slowMs: 5 })
  await readAround()
})

timed('nor where it ends while it is loaded: it is loaded once more, for all who wait', fleet, async () => {
  await fleet.open({ cache, options, many: true })
  await fleet.texts.write('a', 'x')
  await fleet.behave(ending)
  const loads = () =>
    fleet.processes.flatMap(({ events }) => events.filter(({ type }) => type === 'load' || type === 'batch'))
  const before = loads().length
  for (let round = 0; round < 3; round++) {
    await fleet.processes[0]?.call('invalidate', { cache, id: 'a' })
    await readWhileItEnds()
  }
  expect(loads().length - before).toBe(6)
})

timed('nor where it ends while it is loaded, and Redis is away', fleet, async ({ redis }) => {
  await fleet.open({ cache, options, many: true })
  await fleet.texts.write('a', 'x')
  await fleet.behave(ending)
  await redis.wire.close()
  // The breaker opens in the first round, at the latest in the third.
  for (let round = 0; round < 4; round++) await readWhileItEnds()
})

timed('nor out of the fallback, while Redis is away', fleet, async ({ redis }) => {
  await fleet.open({ cache, options })
  await fleet.texts.write('a', 'x')
  await fleet.behave({ endsEveryMs: everyMs })
  await redis.wire.close()
  await readAround()
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
