import type { Redis } from 'ioredis'
import { allGuards } from './guards.ts'
import { failed, fillEntry, type Key, releaseLease, removeEntry, takeLease } from './key.ts'
import { formerFillId, type Life, mainFillId, ms, own, seen, version } from './keyStates.ts'
import { entryText, leaseText } from './keyText.ts'
import type { scriptsOn } from './scripts.ts'
import { fillSideEntry, takeSideLease } from './sideKey.ts'
import { guardsWithout } from './sideState.ts'

/** The effect of a command on a key, by the model. */
export interface Outcome {
  key: Key
  answer?: unknown
  /** Whether the caller already held the lease that it receives, or the lease is new. */
  token?: 'held' | 'new'
  /** How long the key lives now, if that changes. */
  life?: Life
  /** How long a lease or mark in an entry runs. */
  runs?: Life
}

/** A command, as the model executes it and as Redis executes it. */
export interface Command {
  model: (key: Key) => Outcome
  run: (scripts: ReturnType<typeof scriptsOn>, key: string, redis: Redis) => Promise<unknown>
}

export const commands: Record<string, Command> = {
  'a fill': {
    model: (key) => fillOutcome(key, fillEntry(key, own, { value: version, version }, allGuards)),
    run: (scripts, key) => scripts.fill(key, own, { version, px: ms.entry }),
  },
  'the return of a lease': {
    model: (key) => ({ key: releaseLease(key, own, undefined, allGuards) }),
    run: (scripts, key) => scripts.release(key, own, 0),
  },
  "the return of a lease by the caller's part of its token": {
    model: (key) => ({ key: releaseLease(key, own, undefined, allGuards, true) }),
    run: (scripts, key) => scripts.returnLease(key, own),
  },
  'the mark of a failed load': {
    model(key) {
      const next = releaseLease(key, own, failed, allGuards)
      return { key: next, ...(next !== key && (next.entry ? { runs: 'mark' } : { life: 'mark' })) }
    },
    run: (scripts, key) => scripts.release(key, own, ms.mark),
  },
  'a removal of what is older': {
    model(key) {
      const next = removeEntry(key, version, allGuards)
      return { key: next, ...(key.entry && !next.entry && { life: 'leaseLeft' }) }
    },
    run: (scripts, key) => scripts.remove([key], [], version),
  },
}

function fillOutcome(key: Key, { stored, ...next }: ReturnType<typeof fillEntry>): Outcome {
  return { key: next.key, answer: stored ? 1 : 0, ...(stored && next.key !== key && { life: 'entry' }) }
}

function leaseOutcome(key: Key, next: ReturnType<typeof takeSideLease>): Outcome {
  if (next.isGone) return { key, answer: 'gone' }
  if (next.token === undefined) return { key, answer: 'what the key holds' }
  if (next.key === key) return { key, token: 'held' }
  return { key: next.key, token: 'new', ...(next.key.entry ? { runs: 'lease' } : { life: 'lease' }) }
}

const sights = { nothing: undefined, 'the entry': seen }
for (const [what, fillId] of Object.entries(sights))
  commands[`a request for the lease by a caller that has seen ${what}`] = {
    model: (key) => leaseOutcome(key, takeLease(key, { caller: own, seen: fillId }, allGuards)),
    run: (scripts, key) => scripts.lease(key, { caller: own, ms: ms.lease, seen: fillId }),
  }

/** What the main key may hold when a script of a side entry runs. The side entry belongs to the entry `mainFillId`. */
const mainKeys: Record<string, [key: Key, text?: string]> = {
  'its main entry': [
    { entry: { value: 4, version: 4, age: 0, fillId: mainFillId, of: '2' } },
    entryText({ version: 4, fillId: mainFillId, of: '2' }),
  ],
  'another entry': [
    { entry: { value: 4, version: 4, age: 0, fillId: formerFillId, of: '2' } },
    entryText({ version: 4, fillId: formerFillId, of: '2' }),
  ],
  'a lease': [{ lease: mainFillId }, leaseText(mainFillId)],
  nothing: [{}],
}

for (const [what, [main, text]] of Object.entries(mainKeys)) {
  const prepareMain = async (redis: Redis, key: string) => {
    const mainKey = `${key}:main`
    if (text === undefined) await redis.del(mainKey)
    else await redis.set(mainKey, text)
    return { key: mainKey, fillId: mainFillId }
  }
  commands[`a fill of a side entry while the main key holds ${what}`] = {
    model(key) {
      const loaded = { value: version, version, mainFillId }
      return fillOutcome(key, fillSideEntry(key, main, own, loaded, guardsWithout()))
    },
    run: async (scripts, key, redis) =>
      scripts.fillSideEntry(key, await prepareMain(redis, key), own, { version, px: ms.entry }),
  }
  for (const [sight, fillId] of Object.entries(sights))
    commands[
      `a request for a side lease while the main key holds ${what}, by a caller that has seen ${sight}`
    ] = {
      model(key) {
        const request = { caller: own, seen: fillId, mainFillId }
        return leaseOutcome(key, takeSideLease(key, main, request, guardsWithout()))
      },
      run: async (scripts, key, redis) =>
        scripts.lease(key, { caller: own, ms: ms.lease, seen: fillId }, await prepareMain(redis, key)),
    }
}
