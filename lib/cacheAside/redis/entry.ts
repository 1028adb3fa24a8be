import { randomBytes } from 'node:crypto'

/**
 * What a key holds: an entry (`E`), the knowledge that nothing exists (`N`), or a lease alone (`L`).
 *
 *     E token ends fill TAB schema TAB id TAB version SP loadedAt SP freshMs SP until SP chars SP bytes LF body
 *     L token [SP version]
 *
 * `token` and `ends` (ms, by Redis' clock) are the lease of the caller who loads a newer value, `fill` is the token under
 * which this entry was filled: it tells the entry from every other one. The body is sliced off and never parsed. `until`
 * (epoch ms) is when the value ends, 0 for never; it is not served after that, fresh or stale. `chars` (UTF-16 code units, for readers here) and `bytes` (for the
 * scripts) betray an entry that was cut short. The version behind a bare lease is the least that its fill must have.
 *
 * All but schema, id and body have fixed lengths: the scripts read and write them in place, and a reader slices numbers,
 * which is cheaper than to look for where they end. (Once a class extends String, as one of ioredis does, V8 does not
 * inline `charCodeAt` any more.)
 */
export interface Entry {
  body: string | undefined
  /** The length of the body in UTF-8. */
  bytes: number
  version: number
  /** When its load began, ms since the epoch, by the loader's clock. */
  loadedAt: number
  /** For how long from then it is fresh, ms. */
  freshMs: number
  /** When the value ends, ms since the epoch, by the reader's clock; infinity where it does not. */
  until: number
  /** The key's whole value. */
  raw: string
}

/**
 * A token has two parts: ten random characters of the caller who asks for the lease, and six digits of the moment in which
 * Redis gives it. So a request that comes a second time, late, makes another lease than the one that its caller holds.
 */
const callersLength = 10
const tokenLength = callersLength + 6
/** 13 digits: ms since the epoch until the year 2286. */
const timeLength = 13

/** The last moment that an entry can name, ms since the epoch. */
export const latest = 10 ** timeLength - 1

/** Where the parts of a head begin, counted from 0. */
export const places = {
  token: 1,
  moment: 1 + callersLength,
  ends: 1 + tokenLength,
  fill: 1 + tokenLength + timeLength,
  identity: 1 + tokenLength + timeLength + tokenLength,
}

/** The digits of the numbers behind the identity, and where each begins, counted from the first. */
const digits = { version: 16, loadedAt: timeLength, freshMs: 11, until: timeLength, chars: 9, bytes: 9 }
const loadedAtAt = digits.version + 1
const freshMsAt = loadedAtAt + digits.loadedAt + 1
const untilAt = freshMsAt + digits.freshMs + 1
const charsAt = untilAt + digits.until + 1
const bytesAt = charsAt + digits.chars + 1
/** All numbers as one, and where the line break lies behind them. */
export const numbers = { version: digits.version, bytesAt, end: bytesAt + digits.bytes }

/** The longest that `freshMs` can be: three years. */
export const longestLife = 10 ** digits.freshMs - 1

const noLease = `${'-'.repeat(tokenLength)}${'0'.repeat(timeLength)}`
/** In place of a token: the last load has failed, and the next one waits. */
export const failedToken = '!'.repeat(tokenLength)

/** The caller's part of a new token. */
export const newToken = (): string => randomBytes(8).toString('base64url').slice(0, callersLength)

/** What follows the places in every entry of this schema and id. */
export const identityOf = (schema: string, id: string) => `\t${schema}\t${id}\t`

/** The text of an entry that is filled under a token. */
export function encodeEntry(
  schema: string,
  id: string,
  token: string,
  { body, version, loadedAt, freshMs, until }: Omit<Entry, 'raw' | 'bytes'>,
): string {
  const text = body ?? ''
  const ends = until === Number.POSITIVE_INFINITY ? 0 : until
  const values = {
    ...{ version, loadedAt, freshMs, until: ends },
    ...{ chars: text.length, bytes: Buffer.byteLength(text) },
  }
  const padded = Object.entries(digits).map(([name, length]) =>
    String(values[name as keyof typeof digits]).padStart(length, '0'),
  )
  const kind = body === undefined ? 'N' : 'E'
  return `${kind}${noLease}${token}${identityOf(schema, id)}${padded.join(' ')}\n${text}`
}

/** The entry in `raw`; undefined for anything else: of another schema or id, or cut short. */
export function decodeEntry(schema: string, id: string, raw: string): Entry | undefined {
  const kind = raw[0]
  // Piece by piece: to put the identity together first would cost a hit more than to compare it.
  const idAt = places.identity + schema.length + 2
  const at = idAt + id.length + 1
  const end = at + numbers.end
  if (
    (kind !== 'E' && kind !== 'N') ||
    raw[end] !== '\n' ||
    raw[places.identity] !== '\t' ||
    !raw.startsWith(schema, places.identity + 1) ||
    raw[idAt - 1] !== '\t' ||
    !raw.startsWith(id, idAt) ||
    raw[at - 1] !== '\t'
  ) {
    return undefined
  }
  const version = +raw.slice(at, at + digits.version)
  const loadedAt = +raw.slice(at + loadedAtAt, at + freshMsAt - 1)
  const freshMs = +raw.slice(at + freshMsAt, at + untilAt - 1)
  // Zeroes where it does not end: no moment of these centuries begins with one.
  const until =
    raw[at + untilAt] === '0' ? Number.POSITIVE_INFINITY : +raw.slice(at + untilAt, at + charsAt - 1)
  const chars = +raw.slice(at + charsAt, at + bytesAt - 1)
  const bytes = +raw.slice(at + bytesAt, end)
  if (!(chars === raw.length - end - 1 && version >= 0 && loadedAt >= 0 && freshMs > 0 && until > 0))
    return undefined
  const body = kind === 'E' ? raw.slice(end + 1) : undefined
  return { body, bytes, version, loadedAt, freshMs, until, raw }
}

/** The entry of an id in `raw`, of whichever schema; undefined for anything else. */
export function decodeForeign(id: string, raw: string): Entry | undefined {
  const first = places.identity + 1
  const end = raw.indexOf('\t', first)
  return end < 0 ? undefined : decodeEntry(raw.slice(first, end), id, raw)
}

/** Clamped at zero, for the loader's clock may be ahead of this one. */
export const ageOf = ({ loadedAt }: { loadedAt: number }, now = Date.now()) => Math.max(0, now - loadedAt)

/** For how long an entry stays fresh, ms; 0 or below where it is not. */
export const freshFor = (entry: Pick<Entry, 'loadedAt' | 'freshMs' | 'until'>, now = Date.now()) =>
  Math.min(entry.freshMs - ageOf(entry, now), entry.until - now)

/** For how long a stale entry may still be served that has been stale for no longer than `ms`; 0 or below where it may not. */
export const staleFor = (
  entry: Pick<Entry, 'loadedAt' | 'freshMs' | 'until'>,
  ms: number,
  now = Date.now(),
) => Math.min(entry.freshMs + ms - ageOf(entry, now), entry.until - now)

/** The token under which an entry was filled. */
export const fillIn = ({ raw }: Entry): string => raw.slice(places.fill, places.identity)

/** The token of the lease that an entry carries, which may have ended; {@link failedToken} after a failure. */
export const leaseIn = ({ raw }: Entry): string => raw.slice(places.token, places.ends)

/** When that lease ends, ms, by Redis' clock; 0 where there is none. */
export const leaseEnds = ({ raw }: Entry): number => Number(raw.slice(places.ends, places.fill))

/** A bare lease: its token, and the least version of its fill, 0 where none was named. */
export interface Lease {
  token: string
  least: number
}

/** The bare lease in `raw`; undefined for anything else. */
export function decodeLease(raw: string): Lease | undefined {
  if (raw[0] !== 'L' || raw.length < places.ends) return undefined
  const least = raw.length === places.ends ? 0 : Number(/^ (\d+)$/.exec(raw.slice(places.ends))?.[1])
  return Number.isNaN(least) ? undefined : { token: raw.slice(places.token, places.ends), least }
}
