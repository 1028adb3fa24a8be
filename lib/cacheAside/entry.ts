import type { CacheResult, CacheStatus } from './contract.ts'

/**
 * What a key holds: an entry (`E`), the knowledge that nothing exists (`N`), or a lease alone (`L`).
 *
 *     E token ends TAB schema TAB id TAB version SP loadedAt SP freshMs SP chars SP bytes LF body
 *     L token
 *
 * `token` and `ends` (ms, by Redis' clock) are the lease of the caller who loads a newer value; they lie first and have
 * a fixed width, so that the scripts can write them without touching the rest. The body is sliced off and never parsed.
 * `chars` (UTF-16 code units, for readers here) and `bytes` (for the scripts) betray an entry that was cut short.
 */
export interface Entry {
  body: string | undefined
  version: number
  /** When its load began, ms since the epoch, by the loader's clock. */
  loadedAt: number
  /** For how long from then it is fresh, ms. */
  freshMs: number
  /** The key's whole value, and where in it the line break before the body is. */
  raw: string
  end: number
}

const E = 69
const N = 78
const L = 76
const TAB = 9
const SPACE = 32
const LF = 10

/** Random bytes in the token of a lease, and its length in base64url. */
export const tokenBytes = 12
const tokenLength = (tokenBytes * 4) / 3
/** Characters before what tells an entry: kind, token, and 13 digits of time. */
const prefixLength = 1 + tokenLength + 13
const noLease = `${'-'.repeat(tokenLength)}${'0'.repeat(13)}`
/** In place of a token: the last load has failed, and the next one waits. */
export const failedToken = '!'.repeat(tokenLength)

/** Of what an entry is. */
export interface Identity {
  schema: string
  id: string
}

/** What follows the prefix in every entry of this schema and id. */
export const identityText = ({ schema, id }: Identity) => `\t${schema}\t${id}\t`

export function encodeEntry(
  identity: Identity,
  { body, version, loadedAt, freshMs }: Pick<Entry, 'body' | 'version' | 'loadedAt' | 'freshMs'>,
): string {
  const text = body ?? ''
  const kind = body === undefined ? 'N' : 'E'
  const numbers = `${version} ${loadedAt} ${freshMs} ${text.length} ${Buffer.byteLength(text)}`
  return `${kind}${noLease}${identityText(identity)}${numbers}\n${text}`
}

/** The entry in `raw`; undefined for what is none, is of another schema or id, or was cut short. */
export function decodeEntry(schema: string, id: string, raw: string): Entry | undefined {
  const kind = raw.charCodeAt(0)
  // Piece by piece: to put the identity together first would cost a hit more than to compare it.
  const idAt = prefixLength + schema.length + 2
  cursor = idAt + id.length + 1
  if (
    (kind !== E && kind !== N) ||
    raw.charCodeAt(prefixLength) !== TAB ||
    !raw.startsWith(schema, prefixLength + 1) ||
    raw.charCodeAt(idAt - 1) !== TAB ||
    !raw.startsWith(id, idAt) ||
    raw.charCodeAt(cursor - 1) !== TAB
  ) {
    return undefined
  }
  const version = nextNumber(raw, SPACE)
  const loadedAt = nextNumber(raw, SPACE)
  const freshMs = nextNumber(raw, SPACE)
  const chars = nextNumber(raw, SPACE)
  // After `bytes`, which only the scripts need. JSON has no line break of its own that could be taken for this one.
  const end = raw.length - chars - 1
  if (!(end > cursor && raw.charCodeAt(end) === LF && version >= 0 && loadedAt >= 0 && freshMs > 0))
    return undefined
  return { body: kind === E ? raw.slice(end + 1) : undefined, version, loadedAt, freshMs, raw, end }
}

/** Where {@link nextNumber} reads on. */
let cursor = 0

/** The number from the cursor to its terminator, read digit by digit: much cheaper than to search, slice and convert. */
function nextNumber(text: string, terminator: number): number {
  let number = 0
  const start = cursor
  for (let at = start; ; at++) {
    const code = text.charCodeAt(at)
    if (code >= 48 && code <= 57) number = number * 10 + code - 48
    else {
      cursor = at + 1
      return code === terminator && at > start ? number : Number.NaN
    }
  }
}

/** What tells an entry from every other one of its key: its first line without the lease. */
export const headOf = ({ raw, end }: Entry): string => raw.slice(prefixLength, end)

/** The token of the lease that an entry carries, which may have ended; {@link failedToken} after a failure. */
export const leaseIn = ({ raw }: Entry): string => raw.slice(1, 1 + tokenLength)

/** When that lease ends, ms, by Redis' clock; 0 where there is none. */
export const leaseEnds = ({ raw }: Entry): number => Number(raw.slice(1 + tokenLength, prefixLength))

/** The token of the bare lease in `raw`; undefined where it is none. */
export const decodeLease = (raw: string): string | undefined =>
  raw.charCodeAt(0) === L && raw.length === 1 + tokenLength ? raw.slice(1) : undefined

/** Stands where a value has not been parsed yet; JSON has no symbols. */
const unparsed = Symbol('unparsed')

/** An answer made of stored text: the value is parsed only if somebody asks for it. */
export class StoredResult<V> implements CacheResult<V> {
  readonly body: string | undefined
  readonly version: number
  readonly age: number
  readonly status: CacheStatus
  private parsed: V | undefined | typeof unparsed = unparsed

  constructor(entry: Pick<Entry, 'body' | 'version'>, age: number, status: CacheStatus) {
    this.body = entry.body
    this.version = entry.version
    this.age = age
    this.status = status
  }

  get value(): V | undefined {
    if (this.parsed === unparsed)
      this.parsed = this.body === undefined ? undefined : (JSON.parse(this.body) as V)
    return this.parsed
  }
}
