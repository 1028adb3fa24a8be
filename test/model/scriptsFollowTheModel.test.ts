import { isDeepStrictEqual } from 'node:util'
import { Redis } from 'ioredis'
import { afterAll, expect, test } from 'vitest'
import { findRedisBinary, startRedis } from '../../lib/local/servers/redisServer.ts'
import { filledBeside, leasedBeside } from './besideKey.ts'
import { guardsWithout } from './besideState.ts'
import { type Age, callerOf, failed, filled, type Key, leased, released, removed, type Token } from './key.ts'
import { entryText, keyIn, leaseText, scriptsOn } from './onRedis.ts'
import { allGuards } from './protocol.ts'

// The exploration of the protocol runs on the functions of model/key.ts. Here each script of lib/cacheAside meets every
// kind of key on a real Redis, and has to make of it what those functions say: so the two cannot drift apart.

/** The caller's own lease, and the same caller's of another moment; another lease; the fill of the entry seen, and of another. */
const own: Token = 1
const ownLater: Token = 1.5
const another: Token = 2
const seen: Token = 3
const unseen: Token = 4
const version = 5
/** The entry that stands at the id's own key, where the key is a side key; and one that stood there before. */
const standing: Token = 5
const gone: Token = 6
/** How long things live, ms: what stands at a key; where it may be dropped before a new lease ends; and so on. */
const ms = { life: 50_000, shortLife: 15_000, rest: 12_000, lease: 30_000, entry: 70_000, mark: 10_000 }

interface Start {
  key: Key
  /** What stands there, by Redis' clock. */
  text?: (now: number) => string
  /** What stands there and is no text. */
  list?: true
  life?: keyof typeof ms | 'endless'
}

const versions = { older: version - 1, same: version, newer: version + 1 }
const leases = { own, 'own, of another moment': ownLater, another, failed }
const owners = {
  'of its schema': undefined,
  'of another schema': '2',
  'beside the one that stands': standing,
  'beside one that is gone': gone,
}
const starts: Record<string, Start> = {
  nothing: { key: {} },
  'an entry of another id': {
    key: { foreign: {} },
    text: () => entryText({ version: 9, fill: seen, id: 'b' }),
  },
  'an entry that was cut short': {
    key: { foreign: { version: 4 } },
    text: () => entryText({ version: 4, fill: seen }).slice(0, -1),
  },
  'a lease that was cut short': { key: { foreign: {} }, text: () => leaseText(another).slice(0, -1) },
  'a lease without an end': { key: { foreign: {} }, text: () => leaseText(another), life: 'endless' },
  'some text': { key: { foreign: {} }, text: () => 'something else' },
  'no text': { key: { foreign: {} }, text: () => '' },
  'a list': { key: { foreign: {} }, list: true },
}
for (const [whose, lease] of Object.entries(leases)) {
  starts[`a lease: ${whose}`] = { key: { lease }, text: () => leaseText(lease), life: 'rest' }
  for (const [than, least] of Object.entries(versions)) {
    const name = `a lease: ${whose}, for ${than} version`
    starts[name] = { key: { lease, least }, text: () => leaseText(lease, least), life: 'rest' }
  }
}
for (const [than, at] of Object.entries(versions)) {
  for (const [owner, of] of Object.entries(owners)) {
    for (const [whose, fill] of Object.entries({ seen, unseen, 'filled by itself': own })) {
      for (const [lasts, age] of Object.entries({ life: 0, shortLife: 3 } as const)) {
        const name = `an entry ${owner}, ${whose}, of ${than} version, ${lasts}`
        const entry = { value: at, version: at, age: age as Age, fill, ...(of !== undefined && { of }) }
        const life = lasts as keyof typeof ms
        starts[name] = { key: { entry }, text: () => entryText({ version: at, fill, of }), life }
        for (const [holder, lease] of Object.entries(leases)) {
          const text = (rest: number) => (now: number) =>
            entryText({ version: at, fill, of, lease, ends: now + rest })
          const key = { entry, lease }
          starts[`${name}, lease: ${holder}`] = { key, text: text(ms.rest), life }
          starts[`${name}, lease that has ended: ${holder}`] = {
            key: { ...key, ended: true },
            text: text(-1000),
            life,
          }
        }
      }
    }
  }
}

interface Outcome {
  key: Key
  answer?: unknown
  /** Of a lease that is given: it was held already, or is a new one. */
  token?: 'held' | 'new'
  /** How long what stands there lives now, where that is not as before. */
  life?: keyof typeof ms
  /** How long a lease or mark runs that was put into an entry. */
  runs?: keyof typeof ms
}
interface Command {
  model: (key: Key) => Outcome
  run: (scripts: ReturnType<typeof scriptsOn>, key: string) => Promise<unknown>
}

const commands: Record<string, Command> = {
  'a fill': {
    model(key) {
      const { stored, ...next } = filled(key, own, { value: version, version }, allGuards)
      return { key: next.key, answer: stored ? 1 : 0, ...(stored && next.key !== key && { life: 'entry' }) }
    },
    run: (scripts, key) => scripts.fill(key, own, { version, px: ms.entry }),
  },
  'a lease given back': {
    model: (key) => ({ key: released(key, own, undefined, allGuards) }),
    run: (scripts, key) => scripts.release(key, own, 0),
  },
  'a lease given back by who does not know the whole of its name': {
    model: (key) => ({ key: released(key, own, undefined, allGuards, true) }),
    run: (scripts, key) => scripts.giveBack(key, own),
  },
  'a lease whose load has failed': {
    model(key) {
      const next = released(key, own, failed, allGuards)
      return { key: next, ...(next !== key && (next.entry ? { runs: 'mark' } : { life: 'mark' })) }
    },
    run: (scripts, key) => scripts.release(key, own, ms.mark),
  },
  'a removal of what is older': {
    model(key) {
      const next = removed(key, version, allGuards)
      return { key: next, ...(key.entry && !next.entry && { life: 'rest' }) }
    },
    run: (scripts, key) => scripts.remove([key], [], version),
  },
}
function outcomeOf(key: Key, next: ReturnType<typeof leasedBeside>): Outcome {
  if (next.isGone) return { key, answer: 'gone' }
  if (next.token === undefined) return { key, answer: 'what stands there' }
  if (next.key === key) return { key, token: 'held' }
  return { key: next.key, token: 'new', ...(next.key.entry ? { runs: 'lease' } : { life: 'lease' }) }
}
const sights = { nothing: undefined, 'the entry': seen }
for (const [what, fill] of Object.entries(sights))
  commands[`a lease by who has seen ${what}`] = {
    model: (key) => outcomeOf(key, leased(key, { caller: own, seen: fill }, allGuards)),
    run: (scripts, key) => scripts.lease(key, { caller: own, ms: ms.lease, seen: fill }),
  }

/** What may stand at the id's own key when something is filled beside the entry `standing`. */
const mains: Record<string, [key: Key, text?: string]> = {
  'that one stands': [
    { entry: { value: 4, version: 4, age: 0, fill: standing, of: '2' } },
    entryText({ version: 4, fill: standing, of: '2' }),
  ],
  'another one stands': [
    { entry: { value: 4, version: 4, age: 0, fill: gone, of: '2' } },
    entryText({ version: 4, fill: gone, of: '2' }),
  ],
  'a lease stands': [{ lease: standing }, leaseText(standing)],
  'nothing stands': [{}],
}
async function standsAt(key: string, text: string | undefined): Promise<string> {
  if (text === undefined) await redis.del(key)
  else await redis.set(key, text)
  return key
}
for (const [what, [main, text]] of Object.entries(mains)) {
  commands[`a fill beside an entry where ${what}`] = {
    model(key) {
      const fresh = { value: version, version, head: standing }
      const { stored, ...next } = filledBeside(key, main, own, fresh, guardsWithout())
      return { key: next.key, answer: stored ? 1 : 0, ...(stored && next.key !== key && { life: 'entry' }) }
    },
    async run(scripts, key) {
      const beside = await standsAt(`${key}:main`, text)
      return scripts.fillBeside(key, beside, own, { head: standing, version, px: ms.entry })
    },
  }
  for (const [sight, fill] of Object.entries(sights))
    commands[`a lease beside an entry where ${what}, by who has seen ${sight}`] = {
      model(key) {
        const request = { caller: own, seen: fill, head: standing }
        return outcomeOf(key, leasedBeside(key, main, request, guardsWithout()))
      },
      async run(scripts, key) {
        const beside = { key: await standsAt(`${key}:main`, text), head: standing }
        return scripts.lease(key, { caller: own, ms: ms.lease, seen: fill }, beside)
      },
    }
}

const binary = findRedisBinary()
if (!binary) throw new Error('No valkey-server or redis-server on PATH')
const server = await startRedis({ binary })
const redis = new Redis(server.url)
const scripts = scriptsOn(redis)
afterAll(async () => {
  redis.disconnect()
  await server.stop('SIGKILL')
})

async function redisNow(): Promise<number> {
  const [seconds, micros] = await redis.time()
  return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000)
}

/** What stands there, for how long, and how the model sees it. */
async function look(key: string) {
  const [now, life, type] = await Promise.all([redisNow(), redis.pttl(key), redis.type(key)])
  const text = type === 'list' ? 'a list' : await redis.get(key)
  const found = keyIn(text, now)
  // A lease that would never end is none.
  const stands = life === -1 && !found.key.entry && text !== null ? { foreign: {} } : found.key
  return { text, life, ends: found.ends, now, key: stands }
}

/** As far as Redis knows of it: it does not say how old an entry is, nor which of its own moments a caller is told. */
function asInRedis({ entry, lease, ended, least, foreign }: Key): Key {
  return {
    ...(entry && { entry: { ...entry, age: 0 as const } }),
    ...(lease !== undefined && { lease: callerOf(lease) }),
    ...(ended && lease !== undefined && { ended }),
    ...(least !== undefined && { least }),
    ...(foreign && { foreign: {} }),
  }
}

const slackMs = 5_000

/** Whether a time that is left is what it was set to, less what has passed since. */
const isAbout = (left: number, set: number) => left <= set && left > set - slackMs

async function differences(name: string, what: string): Promise<string[]> {
  const { model, run } = commands[name] as Command
  const start = starts[what] as Start
  const key = `aisle:{${what}}`
  const life = start.life ?? 'life'
  await redis.del(key)
  if (start.list) await redis.rpush(key, 'x')
  if (start.text) await redis.set(key, start.text(await redisNow()))
  if (life !== 'endless') await redis.pexpire(key, ms[life])
  const before = await look(key)
  const expected = model(start.key)
  const answer = await run(scripts, key)
  const after = await look(key)

  const wrong: string[] = []
  const compare = (about: string, found: unknown, wanted: unknown) => {
    if (!isDeepStrictEqual(found, wanted))
      wrong.push(`${about} ${JSON.stringify(found)}, the model says ${JSON.stringify(wanted)}`)
  }
  compare('the key holds', asInRedis(after.key), asInRedis(expected.key))
  if (expected.answer === 'what stands there') compare('the answer is', answer, { text: before.text })
  else if (expected.token !== undefined) {
    // The name that it is told stands there: of the lease that it held already, else one of this very moment.
    compare('the answer is', answer, { token: after.key.lease })
    compare('the lease is', after.key.lease, expected.token === 'held' ? start.key.lease : ownLater)
  } else if (expected.answer !== undefined) compare('the answer is', answer, expected.answer)
  if (after.text !== null) {
    // Nothing but what a command says prolongs a life: so what a failover brings back ends when it would have ended.
    const lives = expected.life ?? life
    if (lives === 'endless' ? after.life !== -1 : !isAbout(after.life, ms[lives]))
      wrong.push(`it lives for ${after.life} ms, the model says ${lives}`)
    const left = (after.ends ?? 0) - after.now
    if (expected.runs && !isAbout(left, ms[expected.runs]))
      wrong.push(`the lease runs for ${left} ms, the model says ${expected.runs}`)
  }
  return wrong.map((each) => `${name} meets ${what}: ${each}`)
}

test.each(Object.keys(commands))('%s does to every kind of key what the model says', async (name) => {
  const wrong: string[] = []
  for (const what of Object.keys(starts)) wrong.push(...(await differences(name, what)))
  expect(wrong).toEqual([])
})

test('a removal takes several entries of an id, each by its own version, and always those of the former format', async () => {
  const key = (name: string) => `aisle:{several}:${name}`
  const [older, newer, former] = [key('older'), key('newer'), key('former')]
  await redis.set(older, entryText({ version: version - 1, fill: seen }), 'PX', ms.life)
  await redis.set(newer, entryText({ version, fill: seen }), 'PX', ms.life)
  await redis.set(former, entryText({ version: version + 1, fill: seen }), 'PX', ms.life)
  await scripts.remove([older, newer], [former], version)
  expect(await redis.mget(older, newer, former)).toEqual([null, expect.any(String), null])
})

test('where Redis has no memory left, a removal that cannot leave its version takes the lease away', async () => {
  const key = 'aisle:{full}'
  await redis.set(key, leaseText(another), 'PX', ms.lease)
  await redis.config('SET', 'maxmemory', '1')
  try {
    await scripts.remove([key], [], version)
    expect(await redis.exists(key)).toBe(0)
  } finally {
    await redis.config('SET', 'maxmemory', '0')
  }
})
