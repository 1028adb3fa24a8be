import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { Inspected } from '../cacheAside/index.ts'
import type { EntryKind, Truth, Upkeep } from '../catalog/upkeep.ts'
import { inParallel } from '../clients/inParallel.ts'
import { Reasons } from './job.ts'
import { sampleEntries } from './sampleEntries.ts'

/** An entry that says something else than the database, and still did after a pause. */
export interface Disagreement {
  cache: EntryKind['name']
  id: string
  /** Of the entry, and of what the database has. */
  version: number | undefined
  databaseVersion: number | undefined
  /** For how long at most it has been so, ms. */
  ageMs: number
  repaired: boolean
}

/** What an audit found. */
export interface Audit {
  /** Entries that were compared. */
  sampled: number
  agreeing: number
  stale: number
  repaired: number
  /** Entries that could not be compared, since the database or Redis failed, or the time was over. */
  failed: number
  /** The share that agrees, as the number of nines in it; see {@link ninesOf}. */
  nines: number
  /** The age of the oldest disagreement, ms; 0 where there is none. */
  oldestMs: number
  disagreements: Disagreement[]
  /** Why some could not be compared; a few of many. */
  reasons: string[]
}

export interface AuditOptions {
  /** The ids to look at, instead of a sample. */
  ids?: readonly string[]
  /** How many entries of all kinds together are looked at. */
  sample?: number
  /** How long a difference has to last, ms: longer than a write takes from its commit to its removal. */
  pauseMs?: number
  /** When to stop, by performance.now(); what is not compared by then is `failed`. */
  deadline?: number
}

const atOnce = 8
const readTimeoutMs = 2_000

/**
 * Compares entries of the cache with the database, and removes those that are wrong.
 *
 * A difference alone is no fault: a write may have committed and not removed the entry yet. So all that differ are
 * looked at again after a pause, first the entry, then the database. An alarm needs that the very same entry still
 * stands, though the database had something else before the pause, and still has. An entry that is gone, or was filled
 * again, was removed by whoever changed the database. Entries past their freshness are not compared, since nobody is
 * answered from them before they are loaded again.
 */
export async function audit(
  { kinds, remove }: Pick<Upkeep, 'kinds' | 'remove'>,
  { ids, sample = 200, pauseMs = 2_000, deadline = Number.POSITIVE_INFINITY }: AuditOptions = {},
): Promise<Audit> {
  const entries = ids
    ? kinds.flatMap((kind) => ids.map((id) => ({ kind, id })))
    : await sampleEntries(kinds, sample)
  const reasons = new Reasons()
  const looked = await inParallel(entries, { atOnce }, (entry) => look(entry, deadline, reasons))
  const compared = looked.filter((each) => each !== undefined && each !== 'failed')
  const suspects = compared.filter(differs)
  if (suspects.length > 0) await sleep(Math.max(0, Math.min(pauseMs, deadline - performance.now())))
  const again = await inParallel(suspects, { atOnce }, (suspect) => confirm(suspect, deadline, reasons))
  const real = again.filter((each) => each !== undefined && each !== 'failed')
  const repaired = new Set<string>()
  await inParallel([...new Set(real.map(({ id }) => id))], { atOnce }, async (id) => {
    if ((await remove(id)) === 'done') repaired.add(id)
  })
  const disagreements = real.map((each) => disagreementOf(each, repaired.has(each.id)))
  const failed = [...looked, ...again].filter((each) => each === 'failed').length
  const sampled = compared.length - again.filter((each) => each === 'failed').length
  return {
    sampled,
    agreeing: sampled - real.length,
    stale: real.length,
    repaired: disagreements.filter((each) => each.repaired).length,
    failed,
    nines: ninesOf(sampled, real.length),
    oldestMs: Math.max(0, ...disagreements.map(({ ageMs }) => ageMs)),
    disagreements,
    reasons: reasons.all,
  }
}

/**
 * The nines of the share that agrees: -log10(1 - share), which is 3 for 99.9 %. A sample in which all agree shows no
 * more than one in which a single entry did not, so it counts as that: log10 of its size is the most there can be, 2.3
 * for 200 entries. To see further sum up `sampled` and `stale` of many audits.
 */
export const ninesOf = (sampled: number, stale: number): number =>
  sampled === 0 ? 0 : Math.round(Math.log10(sampled / Math.max(1, stale)) * 100) / 100

interface Entry {
  kind: EntryKind
  id: string
}

/** An entry, and then what the database says. */
interface Look extends Entry {
  entry: Inspected
  truth: Truth
}

/** Undefined where there is no entry that anybody could be answered with. */
async function look(
  { kind, id }: Entry,
  deadline: number,
  reasons: Reasons,
): Promise<Look | 'failed' | undefined> {
  const ms = Math.min(readTimeoutMs, deadline - performance.now())
  if (ms <= 0) {
    reasons.add('The time was over')
    return 'failed'
  }
  try {
    const entry = await kind.inspect(id)
    if (entry.state !== 'fresh' && entry.state !== 'absent') return undefined
    return { kind, id, entry, truth: await kind.read(id, AbortSignal.timeout(Math.ceil(ms))) }
  } catch (error) {
    reasons.add(error)
    return 'failed'
  }
}

/** The suspect as it is now; undefined where it was cleared. */
async function confirm(
  suspect: Look,
  deadline: number,
  reasons: Reasons,
): Promise<Look | 'failed' | undefined> {
  const now = await look(suspect, deadline, reasons)
  if (now === undefined || now === 'failed') return now
  const same =
    now.entry.loadedAt === suspect.entry.loadedAt &&
    now.entry.version === suspect.entry.version &&
    now.entry.body === suspect.entry.body
  return same && differs(now) ? now : undefined
}

/** By what they say, not by their versions: a change past this code may have left the version as it was. */
function differs({ kind, entry, truth }: Look): boolean {
  const cached = entry.body === undefined ? undefined : JSON.parse(entry.body)
  const stored = truth.value === undefined ? undefined : JSON.parse(JSON.stringify(truth.value))
  return !isDeepStrictEqual(kind.own(cached), kind.own(stored))
}

/** It is no older than the entry, which was true when it was loaded, and no older than what the database has now. */
function disagreementOf({ kind, id, entry, truth }: Look, repaired: boolean): Disagreement {
  const written = Date.parse(truth.updatedAt ?? '')
  const since = Math.max(entry.loadedAt ?? 0, Number.isNaN(written) ? 0 : written)
  return {
    ...{ cache: kind.name, id, version: entry.version, databaseVersion: truth.version },
    ...{ ageMs: Math.max(0, Date.now() - since), repaired },
  }
}
