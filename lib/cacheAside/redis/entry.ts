import { randomBytes } from 'node:crypto'

/**
 * The text that a key holds is one of three kinds: an entry (`E`), the knowledge that the id does not exist
 * (`N`), or a bare lease (`L`).
 *
 *     E leaseToken leaseEnd fillId TAB schema TAB id TAB version SP loadedAt SP freshMs SP until SP chars SP bytes LF body
 *     L leaseToken [SP minVersion]
 *
 * An `N` has the form of an `E` without a body. The spaces around leaseToken, leaseEnd and fillId are not in
 * the text.
 *
 * - `leaseToken` and `leaseEnd` (ms, by Redis' clock) are the lease of the caller that loads a newer value.
 * - `fillId` is the token of the lease under which this entry was filled. It identifies the entry.
 * - `until` (ms since the epoch, 0 for never) is when the value expires. After that it is not served, fresh or
 *   stale.
 * - `chars` (UTF-16 code units, for readers in this process) and `bytes` (for the scripts) reveal a truncated
 *   entry.
 * - `minVersion`, after a bare lease, is the lowest version that the fill of this lease can have.
 *
 * The body is sliced off and never parsed.
 *
 * Everything but schema, id and body has a fixed length. The scripts read and write these parts in place, and
 * a reader slices the numbers, which is faster than a search for where each one ends. (Once a class extends
 * String, as one in ioredis does, V8 no longer inlines `charCodeAt`.)
 */
export interface Entry {
  body: string | undefined
  /** The length of the body in UTF-8 bytes. */
  bytes: number
  version: number
  /** When its load began, in ms since the epoch, by the loader's clock. */
  loadedAt: number
  /** How long it is fresh, from the start of its load, in ms. */
  freshMs: number
  /** When the value expires, in ms since the epoch, by the reader's clock; infinity if it never does. */
  until: number
  /** The whole text under the key. */
  raw: string
}

/**
 * A token has two parts: ten random characters from the caller that asks for the lease, and six digits from
 * the moment at which Redis grants it. So if the same request arrives a second time, late, it creates
 * a lease other than the one that its caller holds.
 */
const callerPartLength = 10
const tokenLength = callerPartLength + 6
/** 13 digits: ms since the epoch until the year 2286. */
const timeLength = 13

/** The last moment that an entry can name, in ms since the epoch. */
export const latestTime = 10 ** timeLength - 1

/** Where the parts before the schema begin, counted from 0. */
export const offsets = {
  leaseToken: 1,
  /** The part of the lease token that Redis adds. */
  redisPart: 1 + callerPartLength,
  leaseEnd: 1 + tokenLength,
  fillId: 1 + tokenLength + timeLength,
  /** The tab before the schema. */
  identity: 1 + tokenLength + timeLength + tokenLength,
}

/** How many digits each number after the id has, and where each begins, counted from the first number. */
const digits = { version: 16, loadedAt: timeLength, freshMs: 11, until: timeLength, chars: 9, bytes: 9 }
const loadedAtOffset = digits.version + 1
const freshMsOffset = loadedAtOffset + digits.loadedAt + 1
const untilOffset = freshMsOffset + digits.freshMs + 1
const charsOffset = untilOffset + digits.until + 1
const bytesOffset = charsOffset + digits.chars + 1
/**
 * The numbers as one block: the length of the version, and where `bytes` and the line break after it are.
 */
export const numbers = { versionLength: digits.version, bytesOffset, end: bytesOffset + digits.bytes }

/** The highest value of `freshMs`: three years. */
export const longestLifeMs = 10 ** digits.freshMs - 1

const noLease = `${'-'.repeat(tokenLength)}${'0'.repeat(timeLength)}`
/** Stands in place of a lease token: the last load failed, and the next one has to wait. */
export const failedToken = '!'.repeat(tokenLength)

/** Makes the caller's part of a new token. */
export const newCallerPart = (): string => randomBytes(8).toString('base64url').slice(0, callerPartLength)

/** Returns the text of an entry that is filled under the lease with this token. */
export function encodeEntry(
  schema: string,
  id: string,
  token: string,
  { body, version, loadedAt, freshMs, until }: Omit<Entry, 'raw' | 'bytes'>,
): string {
  const text = body ?? ''
  const values = {
    ...{ version, loadedAt, freshMs, until: until === Number.POSITIVE_INFINITY ? 0 : until },
    ...{ chars: text.length, bytes: Buffer.byteLength(text) },
  }
  const padded = Object.entries(digits).map(([name, length]) =>
    String(values[name as keyof typeof digits]).padStart(length, '0'),
  )
  const kind = body === undefined ? 'N' : 'E'
  return `${kind}${noLease}${token}\t${schema}\t${id}\t${padded.join(' ')}\n${text}`
}

/**
 * Returns the entry in `raw`, or undefined for anything else: a lease, another schema or id, or a truncated
 * text.
 */
export function decodeEntry(schema: string, id: string, raw: string): Entry | undefined {
  const kind = raw[0]
  // Compared piece by piece: to concatenate schema and id first would cost a hit more than the comparison.
  const idAt = offsets.identity + schema.length + 2
  const at = idAt + id.length + 1
  const end = at + numbers.end
  if (
    (kind !== 'E' && kind !== 'N') ||
    raw[end] !== '\n' ||
    raw[offsets.identity] !== '\t' ||
    !raw.startsWith(schema, offsets.identity + 1) ||
    raw[idAt - 1] !== '\t' ||
    !raw.startsWith(id, idAt) ||
    raw[at - 1] !== '\t'
  ) {
    return undefined
  }
  const version = +raw.slice(at, at + digits.version)
  const loadedAt = +raw.slice(at + loadedAtOffset, at + freshMsOffset - 1)
  const freshMs = +raw.slice(at + freshMsOffset, at + untilOffset - 1)
  // All zeros if the value never expires. The first digit decides, because no time from 2001 to 2286 begins with
  // 0.
  const until =
    raw[at + untilOffset] === '0'
      ? Number.POSITIVE_INFINITY
      : +raw.slice(at + untilOffset, at + charsOffset - 1)
  const chars = +raw.slice(at + charsOffset, at + bytesOffset - 1)
  const bytes = +raw.slice(at + bytesOffset, end)
  if (!(chars === raw.length - end - 1 && version >= 0 && loadedAt >= 0 && freshMs > 0 && until > 0))
    return undefined
  const body = kind === 'E' ? raw.slice(end + 1) : undefined
  return { body, bytes, version, loadedAt, freshMs, until, raw }
}

/** Returns the entry of an id in `raw`, whatever its schema, or undefined for anything else. */
export function decodeAnySchema(id: string, raw: string): Entry | undefined {
  const start = offsets.identity + 1
  const end = raw.indexOf('\t', start)
  return end < 0 ? undefined : decodeEntry(raw.slice(start, end), id, raw)
}

/** Returns the id of the fill that wrote an entry. */
export const getFillId = ({ raw }: Entry): string => raw.slice(offsets.fillId, offsets.identity)

/**
 * Returns the token of the lease in an entry, which may have ended; {@link failedToken} after a failed load.
 */
export const getLeaseToken = ({ raw }: Entry): string => raw.slice(offsets.leaseToken, offsets.leaseEnd)

/** Returns when that lease ends, in ms by Redis' clock; 0 if there is none. */
export const getLeaseEnd = ({ raw }: Entry): number => Number(raw.slice(offsets.leaseEnd, offsets.fillId))

/** A bare lease. */
export interface Lease {
  token: string
  /** The lowest version that its fill can have; 0 if no removal named one. */
  minVersion: number
}

/** Returns the bare lease in `raw`, or undefined for anything else. */
export function decodeLease(raw: string): Lease | undefined {
  const { leaseToken, leaseEnd } = offsets
  if (raw[0] !== 'L' || raw.length < leaseEnd) return undefined
  const minVersion = raw.length === leaseEnd ? 0 : Number(/^ (\d+)$/.exec(raw.slice(leaseEnd))?.[1])
  return Number.isNaN(minVersion) ? undefined : { token: raw.slice(leaseToken, leaseEnd), minVersion }
}
