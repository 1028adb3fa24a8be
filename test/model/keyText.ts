import { decodeAnySchema, encodeEntry, failedToken, offsets } from '../../lib/cacheAside/redis/entry.ts'
import { sideSchema } from '../../lib/cacheAside/redis/keys.ts'
import { callerPart, failed, type Key, type Owner, type Token } from './key.ts'

// Writes and parses the text of a key in Redis, for the test of the scripts.

const schema = '1'
/** The id of all keys, unless a test names another one. */
export const id = 'a'

const callerPartLength = offsets.redisPart - offsets.leaseToken
const redisPartLength = offsets.leaseEnd - offsets.redisPart

/** Returns the text of a token: the caller's part, then Redis' part, which differs if the number is not whole. */
export function tokenText(token: Token): string {
  if (token === failed) return failedToken
  return callerPartText(token) + String(2 * (token - callerPart(token)) + 1).padStart(redisPartLength, '0')
}
/** Returns the text of the caller's part of a token. */
export const callerPartText = (token: Token): string =>
  String(callerPart(token)).padStart(callerPartLength, 't')

export function parseToken(text: string): Token {
  if (text === failedToken) return failed
  const caller = Number(text.slice(0, callerPartLength).replace(/^t+/, ''))
  return text === tokenText(caller) ? caller : caller + 0.5
}

/** Returns the schema in the text of an entry. An entry without an owner has the reader's own schema. */
const schemaText = (of: Owner | undefined): string =>
  typeof of === 'number' ? sideSchema(schema, tokenText(of)) : (of ?? schema)

function parseOwner(text: string): Owner | undefined {
  const [owner = '', mainFillId] = text.split('@')
  return mainFillId === undefined ? (owner === schema ? undefined : owner) : parseToken(mainFillId)
}

/** Returns the text of an entry, with the lease that it carries. */
export function entryText({
  version,
  fillId,
  lease,
  ends = 0,
  of,
  id: entryId = id,
}: {
  version: number
  fillId: Token
  lease?: Token
  ends?: number
  of?: Owner | undefined
  id?: string
}): string {
  const entry = { body: '"é"', version, loadedAt: 1, until: Number.POSITIVE_INFINITY, freshMs: 1000 }
  const text = encodeEntry(schemaText(of), entryId, tokenText(fillId), entry)
  if (lease === undefined) return text
  const leaseParts = tokenText(lease) + String(ends).padStart(offsets.fillId - offsets.leaseEnd, '0')
  return text.slice(0, offsets.leaseToken) + leaseParts + text.slice(offsets.fillId)
}

export const leaseText = (token: Token, minVersion?: number): string =>
  `L${tokenText(token)}${minVersion === undefined ? '' : ` ${minVersion}`}`

/**
 * Parses the text of a key into a key of the model.
 *
 * @param now ms by Redis' clock
 * @returns `ends`: when the lease in an entry ends, ms by Redis' clock
 */
export function parseKey(text: string | null, now: number): { key: Key; ends?: number } {
  if (text === null) return { key: {} }
  const entry = decodeAnySchema(id, text)
  if (!entry) {
    const lease = /^L(.{16})(?: (\d+))?$/s.exec(text)
    if (!lease) return { key: { unreadable: {} } }
    const minVersion = lease[2] === undefined ? {} : { minVersion: Number(lease[2]) }
    return { key: { lease: parseToken(lease[1] ?? ''), ...minVersion } }
  }
  const ends = Number(text.slice(offsets.leaseEnd, offsets.fillId))
  const fillId = parseToken(text.slice(offsets.fillId, offsets.identity))
  const schemaStart = offsets.identity + 1
  const of = parseOwner(text.slice(schemaStart, text.indexOf('\t', schemaStart)))
  const value = { value: entry.version, version: entry.version, age: 0, fillId } as const
  const key: Key = { entry: of === undefined ? value : { ...value, of } }
  if (ends === 0) return { key }
  const lease = parseToken(text.slice(offsets.leaseToken, offsets.leaseEnd))
  return { key: { ...key, lease, ...(ends <= now && { leaseEnded: true }) }, ends }
}
