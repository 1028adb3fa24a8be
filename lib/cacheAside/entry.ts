import type { CacheResult, CacheStatus } from './contract.ts'

/**
 * What a key holds: an entry (`E`), the knowledge that nothing exists (`N`), or a lease (`L` and its token).
 *
 *     E TAB schema TAB id TAB version SP loadedAt SP freshMs SP chars SP bytes LF body
 *     L token
 *
 * The body is sliced off and never parsed, so a hit costs no more than finding the first line break. `chars` (UTF-16
 * code units, for readers here) and `bytes` (for the scripts in Redis) betray an entry that was cut short.
 */
export interface Entry {
  /** The first line, which tells this entry from every other one of its key. */
  head: string
  body: string | undefined
  version: number
  /** When its load began, ms since the epoch, by the loader's clock. */
  loadedAt: number
  /** For how long from then it is fresh, ms. */
  freshMs: number
}

const E = 69
const N = 78
const L = 76

/** What follows the kind in every entry of this schema and id. */
export const identityOf = (schema: string, id: string) => `\t${schema}\t${id}\t`

export function encodeEntry(
  identity: string,
  { body, version, loadedAt, freshMs }: Omit<Entry, 'head'>,
): string {
  const text = body ?? ''
  const kind = body === undefined ? 'N' : 'E'
  return `${kind}${identity}${version} ${loadedAt} ${freshMs} ${text.length} ${Buffer.byteLength(text)}\n${text}`
}

/** The entry in `raw`; undefined for what is none, is of another schema or id, or was cut short. */
export function decodeEntry(identity: string, raw: string): Entry | undefined {
  const kind = raw.charCodeAt(0)
  if ((kind !== E && kind !== N) || !raw.startsWith(identity, 1)) return undefined
  const start = identity.length + 1
  const end = raw.indexOf('\n', start)
  const [version, loadedAt, freshMs, chars] = raw.slice(start, end).split(' ').map(Number)
  if (raw.length - end - 1 !== chars || version === undefined || loadedAt === undefined || !freshMs)
    return undefined
  return {
    head: raw.slice(0, end),
    body: kind === E ? raw.slice(end + 1) : undefined,
    version,
    loadedAt,
    freshMs,
  }
}

export const encodeLease = (token: string) => `L${token}`

/** The token of the lease in `raw`; undefined where it is none. */
export const decodeLease = (raw: string): string | undefined =>
  raw.charCodeAt(0) === L && raw.length === 1 + tokenLength ? raw.slice(1) : undefined

/** Random bytes in the token of a lease, and its length in base64url. */
export const tokenBytes = 12
const tokenLength = (tokenBytes * 4) / 3

/** An answer made of stored text: the value is parsed only if somebody asks for it. */
export class StoredResult<V> implements CacheResult<V> {
  readonly body: string | undefined
  readonly version: number
  readonly age: number
  readonly status: CacheStatus
  #value: V | undefined
  #parsed = false

  constructor(entry: Pick<Entry, 'body' | 'version'>, age: number, status: CacheStatus) {
    this.body = entry.body
    this.version = entry.version
    this.age = age
    this.status = status
  }

  get value(): V | undefined {
    if (!this.#parsed && this.body !== undefined) this.#value = JSON.parse(this.body) as V
    this.#parsed = true
    return this.#value
  }
}
