import {
  callerPart,
  fillEntry,
  isLeaseRunning,
  type KeyGuards,
  orphaned,
  releaseLease,
  type Token,
  takeLease,
} from './key.ts'
import type { Setting } from './protocol.ts'
import { type Abandoned, type State, type Step, versionOf } from './state.ts'

type Commands = Abandoned['commands']

/** Adds commands whose sender no longer waits for them. */
export function abandon(state: State, process: number, token: Token, commands: Commands): State {
  return commands.length === 0
    ? state
    : { ...state, abandoned: [...state.abandoned, { process, token, commands }] }
}

/** Returns a lease that may have been taken, after the commands that are still under way. */
export function returnLease(
  state: State,
  process: number,
  token: Token,
  underWay: Commands,
  { unansweredLeaseIsReturned }: Setting['guards'],
): State {
  const release: Commands = unansweredLeaseIsReturned ? [{ does: 'release', byCaller: true }] : []
  return abandon(state, process, token, [...underWay, ...release])
}

/** Ends a lease, so that another caller may take it. */
export function release(
  state: State,
  token: Token,
  mark: Token | undefined,
  guards: KeyGuards,
  byCaller = false,
): State {
  const key = releaseLease(state.key, token, mark, guards, byCaller)
  const { lease } = state.key
  const isHolder = lease !== undefined && (byCaller ? callerPart(lease) : lease) === token
  const mayLoad = state.mayLoad || (mark === undefined && isLeaseRunning(state.key) && isHolder)
  return { ...state, key, mayLoad }
}

/** Redis executes abandoned commands one by one, in their order. */
export function abandonedSteps(state: State, s: number, { guards, faults }: Setting): Step[] {
  const { token, commands } = state.abandoned[s] as Abandoned
  const without = (n: number): State => {
    const left = commands.filter((_, at) => at !== n)
    const abandoned =
      left.length > 0
        ? state.abandoned.with(s, { ...(state.abandoned[s] as Abandoned), commands: left })
        : state.abandoned.filter((_, at) => at !== s)
    return { ...state, abandoned }
  }
  const steps = (guards.releaseStaysInOrder ? commands.slice(0, 1) : commands).map((command, n): Step => {
    const late = `late, a ${command.does} by lease ${token}`
    return execute(without(n), command, late, token, guards)
  })
  if (faults.abandonedIsLost) {
    const lost = { ...state, abandoned: state.abandoned.filter((_, at) => at !== s) }
    steps.push({
      does: `the commands of lease ${token} are lost with their connection`,
      to: orphan(lost, token),
    })
  }
  return steps
}

function execute(
  state: State,
  command: Commands[number],
  does: string,
  token: Token,
  guards: KeyGuards,
): Step {
  switch (command.does) {
    case 'lease': {
      const { key, token: taken } = takeLease(state.key, command, guards)
      if (taken === undefined) return { does: `${does}: nothing`, to: state }
      const to = { ...state, key, mayLoad: isLeaseRunning(state.key) && state.mayLoad }
      // The sender of a copy was answered by the other copy and holds that lease, so no caller returns this one.
      const isOrphan = command.again && !state.flights.some((flight) => flight.token === taken)
      return { does: `${does}: taken`, to: isOrphan ? orphan(to, taken) : to }
    }
    case 'fill': {
      const { value } = command
      const { key } = fillEntry(state.key, token, { value, version: versionOf(state, value) }, guards)
      // If the fill is refused for its version, the removal that demands a higher one is the reason for the next load.
      const mayLoad = state.mayLoad || (!key.entry && key.lease === undefined)
      return { does, to: { ...state, key, mayLoad } }
    }
    case 'release':
      return { does, to: release(state, token, command.mark, guards, command.byCaller) }
  }
}

/** Marks a lease that no process can return any more: it stays until it runs out. */
export function orphan(state: State, token: Token): State {
  if (state.key.lease !== token) return state
  const readers = state.readers.map((each) => (each.token === token ? { ...each, token: orphaned } : each))
  return { ...state, key: { ...state.key, lease: orphaned }, readers }
}
