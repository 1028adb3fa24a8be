import { isDeepStrictEqual } from 'node:util'
import { Redis } from 'ioredis'
import { afterAll, expect, test } from 'vitest'
import { findRedisBinary, startRedis } from '../../lib/local/servers/redisServer.ts'
import { callerPart, type Key } from './key.ts'
import { another, type KeyState, keyStates, ms, ownLater, seen, version } from './keyStates.ts'
import { entryText, leaseText, parseKey } from './keyText.ts'
import { type Command, commands } from './scriptCommands.ts'
import { scriptsOn } from './scripts.ts'

// The exploration of the protocol runs on the functions of ./key.ts. Here each script of lib/cacheAside runs on every kind
// of key in a real Redis and must do the same as those functions, so the model and the code cannot drift apart.

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

/** Reads a key: its text, how long it still lives, and the key of the model that it stands for. */
async function readKey(key: string) {
  const [now, life, type] = await Promise.all([redisNow(), redis.pttl(key), redis.type(key)])
  const text = type === 'list' ? 'a list' : await redis.get(key)
  const found = parseKey(text, now)
  // A lease that would never end is unreadable.
  const isEndlessLease = life === -1 && !found.key.entry && text !== null
  return { text, life, ends: found.ends, now, key: isEndlessLease ? { unreadable: {} } : found.key }
}

/** Drops what the text of a key does not show: the age of an entry, and Redis' own part of a token. */
function asInRedis({ entry, lease, leaseEnded, minVersion, unreadable }: Key): Key {
  return {
    ...(entry && { entry: { ...entry, age: 0 as const } }),
    ...(lease !== undefined && { lease: callerPart(lease) }),
    ...(leaseEnded && lease !== undefined && { leaseEnded }),
    ...(minVersion !== undefined && { minVersion }),
    ...(unreadable && { unreadable: {} }),
  }
}

const slackMs = 5_000

/** Returns whether the time that is left is the time that was set, less the time that has passed since. */
const isAbout = (left: number, set: number) => left <= set && left > set - slackMs

/** Executes a command on a key in the given state, and returns how the result differs from the model's. */
async function differences(name: string, what: string): Promise<string[]> {
  const { model, run } = commands[name] as Command
  const start = keyStates[what] as KeyState
  const key = `aisle:{${what}}`
  const life = start.life ?? 'life'
  await redis.del(key)
  if (start.isList) await redis.rpush(key, 'x')
  if (start.text) await redis.set(key, start.text(await redisNow()))
  if (life !== 'endless') await redis.pexpire(key, ms[life])
  const before = await readKey(key)
  const expected = model(start.key)
  const answer = await run(scripts, key, redis)
  const after = await readKey(key)

  const wrong: string[] = []
  const compare = (about: string, found: unknown, wanted: unknown) => {
    if (!isDeepStrictEqual(found, wanted))
      wrong.push(`${about} ${JSON.stringify(found)}, but in the model ${JSON.stringify(wanted)}`)
  }
  compare('the key holds', asInRedis(after.key), asInRedis(expected.key))
  if (expected.answer === 'what the key holds') compare('the answer is', answer, { text: before.text })
  else if (expected.token !== undefined) {
    // The answer names the lease at the key: the lease that the caller already held, or a new one.
    compare('the answer is', answer, { token: after.key.lease })
    compare('the lease is', after.key.lease, expected.token === 'held' ? start.key.lease : ownLater)
  } else if (expected.answer !== undefined) compare('the answer is', answer, expected.answer)
  if (after.text !== null) {
    // A command prolongs a key's life only if the model does. So an entry that a failover restores ends at its old time.
    const lives = expected.life ?? life
    if (lives === 'endless' ? after.life !== -1 : !isAbout(after.life, ms[lives]))
      wrong.push(`the key lives for ${after.life} ms, but in the model for ${lives}`)
    const left = (after.ends ?? 0) - after.now
    if (expected.runs && !isAbout(left, ms[expected.runs]))
      wrong.push(`the lease runs for ${left} ms, but in the model for ${expected.runs}`)
  }
  return wrong.map((each) => `${name} on ${what}: ${each}`)
}

test.each(Object.keys(commands))('%s changes every kind of key as the model does', async (name) => {
  const wrong: string[] = []
  for (const what of Object.keys(keyStates)) wrong.push(...(await differences(name, what)))
  expect(wrong).toEqual([])
})

test('a removal compares each entry of an id by its own version, and always removes entries of the former format', async () => {
  const key = (name: string) => `aisle:{several}:${name}`
  const [older, newer, former] = [key('older'), key('newer'), key('former')]
  await redis.set(older, entryText({ version: version - 1, fillId: seen }), 'PX', ms.life)
  await redis.set(newer, entryText({ version, fillId: seen }), 'PX', ms.life)
  await redis.set(former, entryText({ version: version + 1, fillId: seen }), 'PX', ms.life)
  await scripts.remove([older, newer], [former], version)
  expect(await redis.mget(older, newer, former)).toEqual([null, expect.any(String), null])
})

test('a removal that cannot store its version in a full Redis removes the lease', async () => {
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
