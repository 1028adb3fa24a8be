import type { AllPromises, Violation } from './check.ts'
import type { Around } from './circumstances.ts'
import type { Bypassed, CacheName, Got, Load, Operation, Removed } from './history.ts'

/** How long before a load its lease is taken at the most, for it is answered within the time for Redis; ms. */
const leadMs = 100
/** How long before its load a bypass is told at the most, ms. */
const toldMs = 1_000
/** How long after a load its fill is answered at the most, ms. */
const fillMs = 150
/** What a process does not live to write down began at most so long before it was killed, ms. */
const unwrittenMs = 1_500
/** Clocks and timers are not read in the very moment, ms. */
const slackMs = 5

/**
 * G3: finds each load that had no reason. Of the loads of one entry, by whatever process, two that follow each other need
 * a reason between the moments at which their leases were taken, the earliest of the first and the latest of the second:
 *
 * - a removal, an eviction, a flush, a Redis that was killed, or a process that was killed before it wrote down what it did;
 * - the first one's value is not fresh any more: so one load for each expiry;
 * - the first one failed, or was given up, and had ended;
 * - the first one's lease has ended before it was filled: so one load for each lease period;
 * - the first one's process may have found Redis away when it was to fill;
 * - a process had been answered that nothing exists, and could not store it: it owes the removal of whatever stands there,
 *   by when it reads the id from Redis again.
 *
 * A load past the cache needs none, for that has a rule of its own. Nor does one of a process whose clock is wrong, which
 * takes for old what is not; what it fills, others may take for old.
 */
export function loadsWithoutReason(history: Operation[], promises: AllPromises, around: Around): Violation[] {
  const loads = history.filter((each): each is Load => each.type === 'load')
  const byEntry = Map.groupBy(loads, ({ cache, id }) => `${cache} ${id}`)
  const removals = Map.groupBy(
    history.filter((each): each is Removed => each.type === 'removed'),
    ({ id }) => id,
  )
  const bypassed = Map.groupBy(
    history.filter((each): each is Bypassed => each.type === 'bypassed'),
    ({ process, cache, id }) => `${process} ${cache} ${id}`,
  )
  const isPast = ({ process, cache, id, start }: Load) =>
    (bypassed.get(`${process} ${cache} ${id}`) ?? []).some(
      (each) => each.start >= start - toldMs && each.start <= start + slackMs,
    )
  const delivered = deliveries(history)
  const debts = Map.groupBy(debtsOf(history), ({ id }) => id)
  const violations: Violation[] = []
  for (const some of byEntry.values()) {
    const leased = some.filter((load) => !isPast(load)).sort((a, b) => a.start - b.start)
    for (const [index, second] of leased.entries()) {
      const first = leased[index - 1]
      if (!first) continue
      const lead =
        leadMs +
        Math.max(
          ...[first, second].map(({ process, start }) => around.lateBy(process, start - leadMs, start)),
        )
      const from = first.start - lead
      const removed = (removals.get(first.id) ?? []).some(
        (each) =>
          each.caches.includes(first.cache) &&
          each.start <= second.start &&
          delivered(each, first.cache) >= from,
      )
      const owed = (debts.get(first.id) ?? []).some(
        ({ from: due, to }) => due <= second.start + slackMs && to >= from,
      )
      if (removed || owed || isReason(first, second, from, promises, around)) continue
      violations.push({ rule: 'G3', answer: second, because: first })
    }
  }
  return violations
}

function isReason(
  first: Load,
  second: Load,
  from: number,
  { minFreshMs, negativeTtl, leaseMs }: AllPromises,
  around: Around,
): boolean {
  const { id, process, start, end, outcome } = first
  const at = second.start + slackMs
  const lives = outcome === 'nothing' ? negativeTtl : minFreshMs
  const filled = end + fillMs + around.lateBy(process, end, end + fillMs)
  const leaseEnds = from + leaseMs
  return (
    around.hasWrongClock(process) ||
    around.hasWrongClock(second.process) ||
    around.wasDropped(id, from, at) ||
    around.wasKilled(from, at + unwrittenMs) ||
    (outcome === 'failed' || outcome === 'gone' ? at >= end : at >= start + lives) ||
    (at >= leaseEnds && filled >= leaseEnds) ||
    around.wasAway(process, from, filled)
  )
}

/** Whether an answer shows that Redis was read. One of a load past Redis that was joined is another caller's, and does not. */
const readsRedis = ({ from, status }: Got): boolean => from === 'cache' && !/fwd=bypass/.test(status)

/** From when to when a process owes the removal of an id, for it was answered that nothing exists and did not store that. */
function debtsOf(history: Operation[]): { id: string; from: number; to: number }[] {
  const gots = history.filter((each): each is Got => each.type === 'got')
  const reads = Map.groupBy(gots.filter(readsRedis), ({ process, id }) => `${process} ${id}`)
  return gots
    .filter(({ from, version, status }) => from !== 'cache' && version === 0 && !/stored/.test(status))
    .map(({ process, id, start, end }) => {
      const read = (reads.get(`${process} ${id}`) ?? []).find((each) => each.start > end)
      return { id, from: start, to: read?.end ?? Number.POSITIVE_INFINITY }
    })
}

/** By when a removal has come to Redis for certain: one that was deferred, when its process reads from it again. */
function deliveries(history: Operation[]): (removal: Removed, cache: CacheName) => number {
  const reads = Map.groupBy(
    history.filter((each): each is Got => each.type === 'got' && readsRedis(each)),
    ({ process, id }) => `${process} ${id}`,
  )
  return ({ process, id, end, outcome }, cache) => {
    if (outcome === 'done') return end
    const read = (reads.get(`${process} ${id}`) ?? []).find(
      (each) => each.cache === cache && each.start > end,
    )
    return read?.end ?? Number.POSITIVE_INFINITY
  }
}
