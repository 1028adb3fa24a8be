import { isDeepStrictEqual } from 'node:util'
import type { Inspected } from '../cacheAside/index.ts'
import type { EntryKind, StoredState } from '../catalog/upkeep.ts'
import type { FailureReasons } from './failureReasons.ts'

/** Names an entry: its kind and the product's id. */
export interface EntryName {
  kind: EntryKind
  id: string
}

/** An entry, and what the database held when it was read after the entry. */
export interface Comparison extends EntryName {
  entry: Inspected
  stored: StoredState
}

/** How long a comparison may take, and where it adds the reason if it fails. */
export interface ComparisonOptions {
  /** By performance.now(). */
  deadline: number
  reasons: FailureReasons
}

const readTimeoutMs = 2_000

/**
 * Reads an entry, and then from the database what the entry should hold.
 *
 * @returns undefined if the cache holds no entry that it would serve as fresh
 */
export async function compareEntry(
  { kind, id }: EntryName,
  { deadline, reasons }: ComparisonOptions,
): Promise<Comparison | 'failed' | undefined> {
  const ms = Math.min(readTimeoutMs, deadline - performance.now())
  if (ms <= 0) {
    reasons.add('The time has run out')
    return 'failed'
  }
  try {
    const entry = await kind.inspect(id)
    if (entry.state !== 'fresh' && entry.state !== 'absent') return undefined
    return { kind, id, entry, stored: await kind.read(id, AbortSignal.timeout(Math.ceil(ms))) }
  } catch (error) {
    reasons.add(error)
    return 'failed'
  }
}

/** Compares a differing entry again. Returns undefined if the entry was replaced, or agrees with the database now. */
export async function compareAgain(
  suspect: Comparison,
  options: ComparisonOptions,
): Promise<Comparison | 'failed' | undefined> {
  const now = await compareEntry(suspect, options)
  if (now === undefined || now === 'failed') return now
  const isSameEntry =
    now.entry.loadedAt === suspect.entry.loadedAt &&
    now.entry.version === suspect.entry.version &&
    now.entry.body === suspect.entry.body
  return isSameEntry && differs(now) ? now : undefined
}

/** Compares the content, not the versions: a change made outside this code may have left the version as it was. */
export function differs({ kind, entry, stored }: Comparison): boolean {
  const cached = entry.body === undefined ? undefined : JSON.parse(entry.body)
  const expected = stored.value === undefined ? undefined : JSON.parse(JSON.stringify(stored.value))
  return !isDeepStrictEqual(kind.comparable(cached), kind.comparable(expected))
}
