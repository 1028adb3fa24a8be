import type { Redis } from 'ioredis'
import { decodeForeign, encodeEntry, failedToken, places } from '../../lib/cacheAside/redis/entry.ts'
import { besideSchema } from '../../lib/cacheAside/redis/keys.ts'
import { defineScripts } from '../../lib/cacheAside/redis/scripts.ts'
import { callerOf, failed, type Key, type Owner, type Token } from './key.ts'

/** All that the test of the scripts knows of their arguments and answers, and of how a key's text is laid out. */
const schema = '1'
const id = 'a'

const callersLength = places.moment - places.token
const momentLength = places.ends - places.moment

/** The text of a token: the caller's part, and that of Redis, another one where the number is not whole. */
export function textOf(token: Token): string {
  if (token === failed) return failedToken
  return partOf(token) + String(2 * (token - callerOf(token)) + 1).padStart(momentLength, '0')
}
/** The caller's part of it. */
const partOf = (token: Token): string => String(callerOf(token)).padStart(callersLength, 't')

function tokenIn(text: string): Token {
  if (text === failedToken) return failed
  const caller = Number(text.slice(0, callersLength).replace(/^t+/, ''))
  return text === textOf(caller) ? caller : caller + 0.5
}

/** The text of whose entry it is; of the reader's own schema where that is left out. */
const schemaOf = (of: Owner | undefined): string =>
  typeof of === 'number' ? besideSchema(schema, textOf(of)) : (of ?? schema)

function ownerIn(text: string): Owner | undefined {
  const [owner = '', head] = text.split('@')
  return head === undefined ? (owner === schema ? undefined : owner) : tokenIn(head)
}

/** The scripts, by what they do to one key. */
export function scriptsOn(redis: Redis) {
  defineScripts(redis)
  return {
    /** @returns the lease that is now held, or the text that stands in its way */
    async lease(
      key: string,
      { caller, ms, seen }: { caller: Token; ms: number; seen: Token | undefined },
      beside?: { key: string; head: Token },
    ) {
      const fill = seen === undefined ? '' : textOf(seen)
      const how = [partOf(caller), ms, fill, id] as const
      const answer = beside
        ? await redis.cacheAsideLeaseBeside(key, beside.key, ...how, textOf(beside.head))
        : await redis.cacheAsideLease(key, ...how)
      if (beside && answer === '') return 'gone'
      return answer.startsWith('T') ? { token: tokenIn(answer.slice(1)) } : { text: answer }
    },
    fill: (key: string, token: Token, { version, px }: { version: number; px: number }) =>
      redis.cacheAsideFill(key, textOf(token), entryText({ version, fill: token }), px, version),
    /** @param beside the key of the entry with the fill `head`, beside which it lies */
    fillBeside(
      key: string,
      beside: string,
      token: Token,
      { head, version, px }: { head: Token; version: number; px: number },
    ) {
      const text = entryText({ version, fill: token, of: head })
      return redis.cacheAsideFillBeside(key, beside, textOf(token), text, px, version, textOf(head))
    },
    /** @param ms 0 gives it back */
    release: (key: string, token: Token, ms: number) => redis.cacheAsideRelease(key, textOf(token), ms),
    /** By who does not know the whole token. */
    giveBack: (key: string, caller: Token) => redis.cacheAsideRelease(key, partOf(caller), 0),
    /** @param former the keys of these entries under the former format */
    remove: (keys: string[], former: string[], version: number) =>
      redis.cacheAsideRemove(
        keys.length + former.length,
        ...[...keys, ...former, String(version), String(former.length), id],
      ),
  }
}

/** The text of an entry, with the lease that it carries. */
export function entryText({
  version,
  fill,
  lease,
  ends = 0,
  of,
  id: its = id,
}: {
  version: number
  fill: Token
  lease?: Token
  ends?: number
  of?: Owner | undefined
  id?: string
}): string {
  const entry = { body: '"é"', version, loadedAt: 1, until: Number.POSITIVE_INFINITY, freshMs: 1000 }
  const text = encodeEntry(schemaOf(of), its, textOf(fill), entry)
  if (lease === undefined) return text
  const put = `${textOf(lease)}${String(ends).padStart(places.fill - places.ends, '0')}`
  return text.slice(0, places.token) + put + text.slice(places.fill)
}

export const leaseText = (token: Token, least?: number): string =>
  `L${textOf(token)}${least === undefined ? '' : ` ${least}`}`

/** What a text is to the model, and when the lease in an entry ends, ms by Redis' clock. */
export function keyIn(text: string | null, now: number): { key: Key; ends?: number } {
  if (text === null) return { key: {} }
  const entry = decodeForeign(id, text)
  if (!entry) {
    const lease = /^L(.{16})(?: (\d+))?$/s.exec(text)
    if (!lease) return { key: { foreign: {} } }
    const least = lease[2] === undefined ? {} : { least: Number(lease[2]) }
    return { key: { lease: tokenIn(lease[1] ?? ''), ...least } }
  }
  const ends = Number(text.slice(places.ends, places.fill))
  const fill = tokenIn(text.slice(places.fill, places.identity))
  const of = ownerIn(text.slice(places.identity + 1, text.indexOf('\t', places.identity + 1)))
  const value = { value: entry.version, version: entry.version, age: 0, fill } as const
  const key: Key = { entry: of === undefined ? value : { ...value, of } }
  if (ends === 0) return { key }
  const lease = tokenIn(text.slice(places.token, places.ends))
  return { key: { ...key, lease, ...(ends <= now && { ended: true }) }, ends }
}
