import { answer, moved, told } from './answer.ts'
import { type Entry, isMark, leased, runs, type Token } from './key.ts'
import { beginFlight, past } from './past.ts'
import type { Faults, Setting } from './protocol.ts'
import { giveBack, leave } from './sent.ts'
import { freshToken, type Reader, type State, type Step } from './state.ts'

/** A read of the key. */
export function get(state: State, i: number, does: string, { guards, faults }: Setting): Step {
  const { lease, least } = state.key
  const entry = inTheEyesOf(state, i, faults)
  const { token } = state.readers[i] as Reader
  if (entry?.age === 0)
    return answer(state, i, `${does}: fresh value ${entry.value}`, { how: 'hit', value: entry.value })
  if (!entry && isMark(lease) && guards.markIsTold) return told(state, i, does, lease)
  const found = entry ? `stale value ${entry.value}` : lease === undefined ? 'nothing' : leaseOf(lease, token)
  const at = entry ? 'stale' : lease === undefined ? 'empty' : 'waiting'
  const change = {
    at,
    token: at === 'waiting' ? lease : undefined,
    least,
    ...(entry && { seen: entry }),
  } as const
  return { does: `${does}: ${found}`, to: moved(state, i, change) }
}

/** The script that takes the lease, or hands back what stands in its way. */
export function askForLease(state: State, i: number, me: string, setting: Setting): Step[] {
  const { guards, faults } = setting
  const reader = state.readers[i] as Reader
  const { process } = reader
  const again = reader.at === 'asked'
  const caller = again ? (reader.token as Token) : freshToken(state)
  const seen = reader.at === 'empty' ? undefined : reader.seen
  const request = { caller, seen: seen?.fill, age: seen?.age, again }
  const givesUp = (from: State, does: string, sent: Parameters<typeof giveBack>[3]) =>
    past(giveBack(from, process, caller, sent, guards), i, does, setting)
  const late = [{ does: 'lease', ...request }] as const
  const steps = faults.answersLost
    ? [givesUp(state, `${me} gives up on a lease that is under way,`, [...late])]
    : []
  const { key, token } = leased(state.key, request, guards)
  if (token === undefined)
    return [handedBack(state, i, `${me} asks for the lease, is given`, setting), ...steps]

  const does = `${me} takes the lease${key.entry ? ` in the stale value ${key.entry.value}` : ''}`
  const executed = { ...state, key, mayLoad: false }
  // Where its own lease stands already nothing is taken, and one whose clock is ahead loads too often.
  const stands = runs(state.key) && state.key.lease === token
  const takes = stands ? {} : ({ takes: isAhead(state, i, faults) ? 'early' : 'lease' } as const)
  steps.push({ does, to: beginFlight(executed, i, { token }), ...takes })
  if (faults.answersLost) steps.push(givesUp(executed, `${does}, but the answer is lost,`, []))
  if (faults.sentTwice && !again) {
    const to = moved(executed, i, { at: 'asked', token: caller, least: undefined })
    steps.push({ does: `${does}, and its client sends it again`, to, ...takes })
    const copies = leave(beginFlight(executed, i, { token }), process, caller, [{ ...late[0], again: true }])
    steps.push({ does: `${does} by a copy of the command, the first one is late`, to: copies, ...takes })
  }
  return steps
}

function handedBack(state: State, i: number, back: string, { guards, faults }: Setting): Step {
  const { key } = state
  const { lease, least } = key
  const entry = inTheEyesOf(state, i, faults)
  if (entry?.age === 0)
    return answer(state, i, `${back} fresh value ${entry.value}`, { how: 'hit', value: entry.value })
  if (entry?.age === 1)
    return answer(state, i, `${back} stale value ${entry.value}`, { how: 'stale', value: entry.value })
  const found = entry ? moved(state, i, { seen: entry }) : state
  if (!runs(key))
    return {
      does: `${back} another stale value ${entry?.value}`,
      to: moved(found, i, { at: 'stale', token: undefined }),
    }
  if (isMark(lease) && guards.markIsTold) return told(found, i, back, lease)
  return { does: `${back} ${leaseOf(lease)}`, to: moved(found, i, { at: 'waiting', token: lease, least }) }
}

/** The entry, as old as a reader takes it to be. */
function inTheEyesOf(state: State, i: number, faults: Faults): Entry | undefined {
  const { entry } = state.key
  return entry && isAhead(state, i, faults) ? { ...entry, age: 3 } : entry
}

const isAhead = ({ readers, processes }: State, i: number, { clockAhead }: Faults): boolean =>
  clockAhead === true && readers[i]?.process === processes.length - 1

const leaseOf = (lease: Token | undefined, known?: Token) =>
  isMark(lease) ? 'the mark of a load that has failed' : `lease ${lease}${lease === known ? ' still' : ''}`
