import { callerOf, excused, filled, type KeyGuards, leased, released, runs, type Token } from './key.ts'
import type { Setting } from './protocol.ts'
import { type Sent, type State, type Step, versionOf } from './state.ts'

type Commands = Sent['commands']

/** Commands whose sender waits for them no longer. */
export function leave(state: State, process: number, token: Token, commands: Commands): State {
  return commands.length === 0 ? state : { ...state, sent: [...state.sent, { process, token, commands }] }
}

/** Gives a lease back that may have been taken, behind what is still under way. */
export function giveBack(
  state: State,
  process: number,
  token: Token,
  underWay: Commands,
  { givesBackUnanswered }: Setting['guards'],
): State {
  const back: Commands = givesBackUnanswered ? [{ does: 'release', byCaller: true }] : []
  return leave(state, process, token, [...underWay, ...back])
}

/** Ends a lease, which another may take then. */
export function release(
  state: State,
  token: Token,
  mark: Token | undefined,
  guards: KeyGuards,
  byCaller = false,
): State {
  const key = released(state.key, token, mark, guards, byCaller)
  const { lease } = state.key
  const its = lease !== undefined && (byCaller ? callerOf(lease) : lease) === token
  const mayLoad = state.mayLoad || (mark === undefined && runs(state.key) && its)
  return { ...state, key, mayLoad }
}

/** What was sent is executed, one by one in its order. */
export function sentSteps(state: State, s: number, { guards, faults }: Setting): Step[] {
  const { token, commands } = state.sent[s] as Sent
  const without = (n: number): State => {
    const left = commands.filter((_, at) => at !== n)
    const sent = state.sent.filter((_, at) => at !== s)
    return {
      ...state,
      sent: left.length > 0 ? state.sent.with(s, { ...(state.sent[s] as Sent), commands: left }) : sent,
    }
  }
  const steps = (guards.giveBackFollows ? commands.slice(0, 1) : commands).map((command, n): Step => {
    const late = `late, a ${command.does} by lease ${token}`
    return execute(without(n), command, late, token, guards)
  })
  if (faults.sentIsLost) {
    const lost = { ...state, sent: state.sent.filter((_, at) => at !== s) }
    steps.push({ does: `what lease ${token} has sent is lost with its connection`, to: excuse(lost, token) })
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
      const { key, token: taken } = leased(state.key, command, guards)
      if (taken === undefined) return { does: `${does}: nothing`, to: state }
      const to = { ...state, key, mayLoad: runs(state.key) && state.mayLoad }
      // The sender of a copy was answered by another one, and holds that one's lease: nobody gives this one back.
      const left = command.again && !state.flights.some((flight) => flight.token === taken)
      return { does: `${does}: taken`, to: left ? excuse(to, taken) : to }
    }
    case 'fill': {
      const { value } = command
      const { key } = filled(state.key, token, { value, version: versionOf(state, value) }, guards)
      // Where it is refused for its version, the removal that demands one is the reason of the next load.
      const mayLoad = state.mayLoad || (!key.entry && key.lease === undefined)
      return { does, to: { ...state, key, mayLoad } }
    }
    case 'release':
      return { does, to: release(state, token, command.mark, guards, command.byCaller) }
  }
}

/** Nobody could give this lease back: it stays until it runs out. */
export function excuse(state: State, token: Token): State {
  if (state.key.lease !== token) return state
  const readers = state.readers.map((each) => (each.token === token ? { ...each, token: excused } : each))
  return { ...state, key: { ...state.key, lease: excused }, readers }
}
