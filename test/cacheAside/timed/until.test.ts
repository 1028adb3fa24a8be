import { expect } from 'vitest'
import { sharedNow } from '../../support/clock.ts'
import { type Answer, startFleet } from '../../support/fleet.ts'
import { timed } from '../../support/timed.ts'

const fleet = await startFleet(3)
const cache = 'ends'
const everyMs = 250
/** How many expiries the reads must cover, each with at least how many reads; and how many one round covers. */
const required = { expiries: 20, reads: 1000, perRound: 5 }

/** Without `until`, values would be fresh for a minute and stale for another minute. */
const options = { ttl: 60_000, staleWhileRevalidate: 60_000, staleIfError: 60_000 }

/**
 * Reads around the expiries of values until enough expiries are covered. On a busy machine, some get fewer reads: these
 * reads are checked, but the expiries do not count.
 */
async function readAroundExpiries() {
  for (let expiries = 0; expiries < required.expiries; ) {
    const all = await Promise.all(
      fleet.processes.map((each) =>
        each.call('getAroundEnds', { cache, id: 'a', everyMs, periods: required.perRound }),
      ),
    )
    expect(all.flatMap(({ wrong }) => wrong)).toEqual([])
    for (let n = 0; n < required.perRound; n++)
      if (all.reduce((sum, { counts }) => sum + (counts[n] ?? 0), 0) >= required.reads) expiries++
  }
}

/** The load reads the value 150 ms before it expires, and returns it 150 ms after it has expired. */
const expiring = { endsEveryMs: 1000, slowMs: 300 }

/** Reads before the load begins, while it is under way, and after its value has expired. */
async function readWhileItExpires() {
  const end = (Math.floor(Date.now() / expiring.endsEveryMs) + 2) * expiring.endsEveryMs
  const begin = sharedNow() + end - Date.now() - expiring.slowMs / 2
  const answers = await Promise.all(
    fleet.processes.flatMap((each) => [
      ...[0, 100, 200].map((ms) => each.call('get', { cache, id: 'a', callers: 5, at: begin + ms })),
      each.call('getMany', { cache, ids: ['a'], at: begin }),
    ]),
  )
  expect(answers.flat().map(({ value }) => value)).toEqual(
    answers.flat().map(() => ({ text: String(end / expiring.endsEveryMs) })),
  )
}

timed('no process serves a value that has expired', fleet, async () => {
  await fleet.open({ cache, options })
  await fleet.texts.write('a', 'x')
  await fleet.behave({ endsEveryMs: everyMs })
  await readAroundExpiries()
})

timed('no process serves a value that has expired if each load takes 5 ms', fleet, async () => {
  await fleet.open({ cache, options })
  await fleet.texts.write('a', 'x')
  await fleet.behave({ endsEveryMs: everyMs, slowMs: 5 })
  await readAroundExpiries()
})

timed(
  'a value that expires during its load is loaded once more, for all callers that wait',
  fleet,
  async () => {
    await fleet.open({ cache, options, many: true })
    await fleet.texts.write('a', 'x')
    await fleet.behave(expiring)
    const loads = () =>
      fleet.processes.flatMap(({ events }) =>
        events.filter(({ type }) => type === 'load' || type === 'batch'),
      )
    const before = loads().length
    for (let round = 0; round < 3; round++) {
      await fleet.processes[0]?.call('invalidate', { cache, id: 'a' })
      await readWhileItExpires()
    }
    expect(loads().length - before).toBe(6)
  },
)

timed('a value that expires during its load is not served while Redis is away', fleet, async ({ redis }) => {
  await fleet.open({ cache, options, many: true })
  await fleet.texts.write('a', 'x')
  await fleet.behave(expiring)
  await redis.wire.close()
  // The breaker opens in the third round at the latest.
  for (let round = 0; round < 4; round++) await readWhileItExpires()
})

timed('the fallback does not serve a value that has expired', fleet, async ({ redis }) => {
  await fleet.open({ cache, options })
  await fleet.texts.write('a', 'x')
  await fleet.behave({ endsEveryMs: everyMs })
  await redis.wire.close()
  await readAroundExpiries()
})

timed('no process serves a value that has expired while the database is away', fleet, async () => {
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
  // The last answer was asked for before its value expired. All processes share the clock of this machine.
  const askedAt = last.at - last.took + Date.now() - sharedNow()
  expect(askedAt).toBeLessThan((Number((last.value as { text: string }).text) + 1) * 1500 + 1)
})
