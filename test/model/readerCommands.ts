import { abandon, returnLease } from './abandoned.ts'
import { answerGet, answerToMark, withReader } from './answer.ts'
import { bypass } from './bypass.ts'
import type { Faults } from './faults.ts'
import { beginFlight } from './joinLoad.ts'
import { type Entry, isFailureMark, isLeaseRunning, type Token, takeLease } from './key.ts'
import type { Setting } from './protocol.ts'
import { type Reader, type State, type Step, unusedToken } from './state.ts'

/** A read of the key. */
export function get(state: State, i: number, does: string, { guards, faults }: Setting): Step {
  const { lease, minVersion } = state.key
  const entry = entryAsSeenBy(state, i, faults)
  const { token } = state.readers[i] as Reader
  if (entry?.age === 0)
    return answerGet(state, i, `${does}: fresh value ${entry.value}`, { how: 'hit', value: entry.value })
  if (!entry && isFailureMark(lease) && guards.markEndsWaiting) return answerToMark(state, i, does, lease)
  const found = entry
    ? `stale value ${entry.value}`
    : lease === undefined
      ? 'nothing'
      : describeLease(lease, token)
  const at = entry ? 'stale' : lease === undefined ? 'empty' : 'waiting'
  const change = {
    at,
    token: at === 'waiting' ? lease : undefined,
    minVersion,
    ...(entry && { seen: entry }),
  } as const
  return { does: `${does}: ${found}`, to: withReader(state, i, change) }
}

/** The script that takes the lease, or hands back what the key holds instead. */
export function askForLease(state: State, i: number, me: string, setting: Setting): Step[] {
  const { guards, faults } = setting
  const reader = state.readers[i] as Reader
  const { process } = reader
  const again = reader.at === 'askingAgain'
  const caller = again ? (reader.token as Token) : unusedToken(state)
  const seen = reader.at === 'empty' ? undefined : reader.seen
  const request = { caller, seen: seen?.fillId, age: seen?.age, again }
  const stopWaiting = (from: State, does: string, underWay: Parameters<typeof returnLease>[3]) =>
    bypass(returnLease(from, process, caller, underWay, guards), i, does, setting)
  const late = [{ does: 'lease', ...request }] as const
  const steps = faults.answersLost
    ? [stopWaiting(state, `${me} stops waiting for a lease that is under way,`, [...late])]
    : []
  const { key, token } = takeLease(state.key, request, guards)
  if (token === undefined)
    return [receiveKey(state, i, `${me} asks for the lease, is handed`, setting), ...steps]

  const does = `${me} takes the lease${key.entry ? ` in the stale value ${key.entry.value}` : ''}`
  const executed = { ...state, key, mayLoad: false }
  // A reader that already holds the lease takes nothing. A reader whose clock is ahead loads too often.
  const isHolder = isLeaseRunning(state.key) && state.key.lease === token
  const takes = isHolder ? {} : ({ takes: isClockAhead(state, i, faults) ? 'early' : 'lease' } as const)
  steps.push({ does, to: beginFlight(executed, i, { token }), ...takes })
  if (faults.answersLost) steps.push(stopWaiting(executed, `${does}, but the answer is lost,`, []))
  if (faults.sentTwice && !again) {
    const to = withReader(executed, i, { at: 'askingAgain', token: caller, minVersion: undefined })
    steps.push({ does: `${does}, and its client sends it again`, to, ...takes })
    const copies = abandon(beginFlight(executed, i, { token }), process, caller, [
      { ...late[0], again: true },
    ])
    steps.push({ does: `${does} by a copy of the command, the first one is late`, to: copies, ...takes })
  }
  return steps
}

/** The reader does not get the lease, but receives what the key holds. */
function receiveKey(state: State, i: number, does: string, { guards, faults }: Setting): Step {
  const { key } = state
  const { lease, minVersion } = key
  const entry = entryAsSeenBy(state, i, faults)
  if (entry?.age === 0)
    return answerGet(state, i, `${does} fresh value ${entry.value}`, { how: 'hit', value: entry.value })
  if (entry?.age === 1)
    return answerGet(state, i, `${does} stale value ${entry.value}`, { how: 'stale', value: entry.value })
  const found = entry ? withReader(state, i, { seen: entry }) : state
  if (!isLeaseRunning(key))
    return {
      does: `${does} another stale value ${entry?.value}`,
      to: withReader(found, i, { at: 'stale', token: undefined }),
    }
  if (isFailureMark(lease) && guards.markEndsWaiting) return answerToMark(found, i, does, lease)
  return {
    does: `${does} ${describeLease(lease)}`,
    to: withReader(found, i, { at: 'waiting', token: lease, minVersion }),
  }
}

/** Returns the entry, as old as it is by the clock of a reader. */
function entryAsSeenBy(state: State, i: number, faults: Faults): Entry | undefined {
  const { entry } = state.key
  return entry && isClockAhead(state, i, faults) ? { ...entry, age: 3 } : entry
}

const isClockAhead = ({ readers, processes }: State, i: number, { clockAhead }: Faults): boolean =>
  clockAhead === true && readers[i]?.process === processes.length - 1

const describeLease = (lease: Token | undefined, known?: Token) =>
  isFailureMark(lease)
    ? 'the mark of a load that has failed'
    : `lease ${lease}${lease === known ? ' still' : ''}`
