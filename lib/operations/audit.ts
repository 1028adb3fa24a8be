import { setTimeout as sleep } from 'node:timers/promises'
import type { EntryKind, Upkeep } from '../catalog/upkeep.ts'
import { inParallel } from '../project/inParallel.ts'
import { type Comparison, compareAgain, compareEntry, differs } from './compareEntry.ts'
import { FailureReasons } from './failureReasons.ts'
import { sampleEntries } from './sampleEntries.ts'

/** An entry that differs from the database, and still did after a pause. */
export interface Disagreement {
  cache: EntryKind['name']
  id: string
  /** The version of the entry. */
  version: number | undefined
  databaseVersion: number | undefined
  /** The longest time for which the entry can have been wrong, in ms. */
  ageMs: number
  repaired: boolean
}

/** The result of an audit. */
export interface Audit {
  /** The number of entries that were compared. */
  sampled: number
  agreeing: number
  /** Entries that differ from the database. The metric has this name too. */
  stale: number
  repaired: number
  /** Entries that were not compared, because the database or Redis failed, or the time had run out. */
  failed: number
  /** The share of entries that agree, as a number of nines; see {@link toNines}. */
  nines: number
  /** The age of the oldest disagreement, in ms; 0 without one. */
  oldestMs: number
  disagreements: Disagreement[]
  /** How many of the sampled products cannot be read, because another program wrote them. */
  unreadableItems: number
  /** Their ids. A put of the whole product mends each of them. */
  unreadable: string[]
  /** Why entries could not be compared: a few of the reasons. */
  reasons: string[]
}

export interface AuditOptions {
  /** The ids to audit. Without them the audit takes a sample. */
  ids?: readonly string[]
  /** How many entries to sample, over all kinds. @default 200 */
  sample?: number
  /**
   * How long a difference has to last, in ms: longer than a write takes from its commit to its removal. @default 2_000
   */
  pauseMs?: number
  /** When to stop, by performance.now(). Entries that have not been compared at that time count as `failed`. */
  deadline?: number
}

const atOnce = 8

/**
 * Compares entries of the cache with the database, and removes those that are wrong.
 *
 * A difference alone is not a fault: a writer may have committed and not yet removed the entry. So the audit compares
 * each differing entry again after a pause, first the entry, then the database. It reports the entry only if the very
 * same entry is still in the cache and still differs from the database. If the entry is gone or was filled again, the
 * writer has removed it. The audit skips stale entries, because no reader gets them before they are loaded again.
 */
export async function audit(
  { kinds, remove }: Pick<Upkeep, 'kinds' | 'remove'>,
  { ids, sample = 200, pauseMs = 2_000, deadline = Number.POSITIVE_INFINITY }: AuditOptions = {},
): Promise<Audit> {
  const entries = ids
    ? kinds.flatMap((kind) => ids.map((id) => ({ kind, id })))
    : await sampleEntries(kinds, sample)
  const reasons = new FailureReasons()
  const options = { deadline, reasons }
  const first = await inParallel(entries, { atOnce }, (entry) => compareEntry(entry, options))
  const compared = first.filter(isComparison)
  const suspects = compared.filter(differs)
  if (suspects.length > 0) await sleep(Math.max(0, Math.min(pauseMs, deadline - performance.now())))
  const second = await inParallel(suspects, { atOnce }, (suspect) => compareAgain(suspect, options))
  const wrong = second.filter(isComparison)
  const repaired = new Set<string>()
  await inParallel([...new Set(wrong.map(({ id }) => id))], { atOnce }, async (id) => {
    if ((await remove(id)) === 'done') repaired.add(id)
  })
  const disagreements = wrong.map((each) => toDisagreement(each, repaired.has(each.id)))
  const failed = [...first, ...second].filter((each) => each === 'failed').length
  const unreadable = [...new Set(compared.filter(({ stored }) => stored.value === null).map(({ id }) => id))]
  const sampled = compared.length - second.filter((each) => each === 'failed').length
  return {
    sampled,
    agreeing: sampled - wrong.length,
    stale: wrong.length,
    repaired: disagreements.filter((each) => each.repaired).length,
    failed,
    nines: toNines(sampled, wrong.length),
    oldestMs: Math.max(0, ...disagreements.map(({ ageMs }) => ageMs)),
    disagreements,
    unreadableItems: unreadable.length,
    unreadable,
    reasons: reasons.all,
  }
}

/**
 * Converts the share of agreeing entries to a number of nines: -log10(1 - share), which is 3 for 99.9 %. A sample
 * that agrees in full proves no more than one with a single wrong entry, so it counts as that. The most is therefore
 * log10 of the sample's size: 2.3 for 200 entries. For more nines, sum up `sampled` and `stale` of many audits.
 */
export const toNines = (sampled: number, wrong: number): number =>
  sampled === 0 ? 0 : Math.round(Math.log10(sampled / Math.max(1, wrong)) * 100) / 100

const isComparison = (result: Comparison | 'failed' | undefined): result is Comparison =>
  result !== undefined && result !== 'failed'

/** The disagreement began after the entry was loaded, when the two agreed, and after the database's last write. */
function toDisagreement({ kind, id, entry, stored }: Comparison, repaired: boolean): Disagreement {
  const writtenAt = Date.parse(stored.updatedAt ?? '')
  const since = Math.max(entry.loadedAt ?? 0, Number.isNaN(writtenAt) ? 0 : writtenAt)
  return {
    ...{ cache: kind.name, id, version: entry.version, databaseVersion: stored.version },
    ...{ ageMs: Math.max(0, Date.now() - since), repaired },
  }
}
