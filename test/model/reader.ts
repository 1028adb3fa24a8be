import { moved } from './answer.ts'
import { delivers, inProcess, isOwing, settled } from './debts.ts'
import { timeEnds } from './flight.ts'
import { askForLease, get } from './lookUp.ts'
import { follow, past } from './past.ts'
import type { Setting } from './protocol.ts'
import { giveBack } from './sent.ts'
import type { Process, Reader, State, Step } from './state.ts'

/** Everything that one reader may do next. */
export function readerSteps(state: State, i: number, setting: Setting): Step[] {
  const { guards, faults } = setting
  const reader = state.readers[i] as Reader
  const { process, token } = reader
  const known = state.processes[process] as Process
  const { own, served, open } = known
  const me = `reader ${i} of process ${process}`
  const step = (does: string, to: State): Step => ({ does: `${me} ${does}`, to })
  /** Redis cannot be reached, which may open the breaker. */
  const away = (from: State, does: string): Step[] => [
    past(from, i, `${me} ${does},`, setting),
    ...(faults.breaker && !open
      ? [past(opened(from, process), i, `${me} ${does}, the breaker opens,`, setting)]
      : []),
  ]
  const steps: Step[] = faults.timeEnds && reader.at !== 'idle' ? [timeEnds(state, i, me, setting)] : []
  const orAway = (regular: Step[]) =>
    faults.redisAway ? [...regular, ...away(state, 'cannot reach Redis')] : regular

  switch (reader.at) {
    case 'idle': {
      if (reader.gets === 0) return []
      const begun = moved(state, i, { promised: { done: state.done, own, served } })
      if (isOwing(known, guards)) return [step('begins, a removal is owed', moved(begun, i, { at: 'owing' }))]
      // It is told from a get that has not begun by what it is about to do.
      const trying = moved(begun, i, { at: 'empty' })
      if (open)
        return [
          past(trying, i, `${me} begins, Redis is known to be away,`, setting),
          get(closed(trying, process, guards), i, `${me} begins, and Redis is back, GET`, setting),
        ]
      steps.push(get(trying, i, `${me} begins, GET`, setting))
      if (faults.redisAway) steps.push(...away(trying, 'begins, cannot reach Redis'))
      if (!guards.fallbackOnlyWhileAway && state.processes[process]?.kept !== undefined)
        steps.push(past(trying, i, `${me} begins`, setting))
      if (!guards.joinNeedsOwnRead)
        for (const [f, flight] of state.flights.entries())
          if (flight.process === process) steps.push(step('begins and follows a load', follow(begun, i, f)))
      return steps
    }
    case 'owing': {
      const delivered = delivers(state, i, me, guards)
      if (!faults.removalFails && !faults.redisAway) return [...steps, delivered]
      const does = 'cannot deliver it'
      return [
        ...steps,
        delivered,
        ...(guards.pastWhileOwed ? away(state, does) : [get(state, i, `${me} ${does}, GET`, setting)]),
      ]
    }
    case 'removed': {
      const left = settled(state, i, guards)
      const to = open ? closed(left, process, guards) : left
      return [...steps, ...orAway([get(to, i, `${me} has the answer, GET`, setting)])]
    }
    case 'empty':
    case 'stale':
      return [...steps, ...orAway(askForLease(state, i, me, setting))]
    case 'asked': {
      const gone = giveBack(state, process, token as number, [], guards)
      const lost = faults.redisAway ? away(gone, 'cannot reach Redis any more') : []
      return [...steps, ...askForLease(state, i, me, setting), ...lost]
    }
    case 'waiting': {
      steps.push(...orAway([get(state, i, `${me} GET again`, setting)]))
      for (const [f, flight] of state.flights.entries()) {
        if (flight.process !== process) continue
        if (flight.after.includes(i))
          steps.push(step('follows a load that began after it', follow(state, i, f)))
        else if (flight.token === token && token !== undefined)
          steps.push(
            step(
              'follows the load whose lease it has found',
              follow(state, i, f, { least: guards.joinNeedsLeast ? reader.least : undefined }),
            ),
          )
      }
      if (faults.waitsEnd) steps.push(past(state, i, `${me} has waited long enough`, setting))
      return steps
    }
    case 'following':
      return steps
  }
}

const opened = (state: State, process: number) => inProcess(state, process, { open: true })

/** A probe was answered. What was kept is dropped, and what still loads is not kept. */
function closed(state: State, process: number, { fallbackOnlyWhileAway }: Setting['guards']): State {
  if (!fallbackOnlyWhileAway) return inProcess(state, process, { open: false })
  const flights = state.flights.map((each) => (each.process === process ? { ...each, keeps: false } : each))
  return { ...inProcess(state, process, { open: false, kept: undefined }), flights }
}
