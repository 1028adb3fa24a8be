import { returnLease } from './abandoned.ts'
import { withReader } from './answer.ts'
import { bypass } from './bypass.ts'
import { timeEnds } from './flight.ts'
import { follow } from './joinLoad.ts'
import { confirmDelivery, deliverOutbox, hasToDeliver, withProcess } from './outbox.ts'
import type { Setting } from './protocol.ts'
import { askForLease, get } from './readerCommands.ts'
import type { Process, Reader, State, Step } from './state.ts'

/** Returns everything that one reader may do next. */
export function readerSteps(state: State, i: number, setting: Setting): Step[] {
  const { guards, faults } = setting
  const reader = state.readers[i] as Reader
  const { process, token } = reader
  const known = state.processes[process] as Process
  const { own, served, isBreakerOpen } = known
  const me = `reader ${i} of process ${process}`
  const step = (does: string, to: State): Step => ({ does: `${me} ${does}`, to })
  /** Redis cannot be reached, which may open the breaker. */
  const away = (from: State, does: string): Step[] => [
    bypass(from, i, `${me} ${does},`, setting),
    ...(faults.breaker && !isBreakerOpen
      ? [bypass(openBreaker(from, process), i, `${me} ${does}, the breaker opens,`, setting)]
      : []),
  ]
  const steps: Step[] = faults.timeEnds && reader.at !== 'idle' ? [timeEnds(state, i, me, setting)] : []
  const orAway = (regular: Step[]) =>
    faults.redisAway ? [...regular, ...away(state, 'cannot reach Redis')] : regular

  switch (reader.at) {
    case 'idle': {
      if (reader.gets === 0) return []
      const begun = withReader(state, i, { promised: { done: state.done, own, served } })
      if (hasToDeliver(known, guards))
        return [step('begins with a removal to deliver', withReader(begun, i, { at: 'outbox' }))]
      // What the get is about to do distinguishes it from a get that has not begun.
      const trying = withReader(begun, i, { at: 'empty' })
      if (isBreakerOpen)
        return [
          bypass(trying, i, `${me} begins, Redis is known to be away,`, setting),
          get(closeBreaker(trying, process, guards), i, `${me} begins, and Redis is back, GET`, setting),
        ]
      steps.push(get(trying, i, `${me} begins, GET`, setting))
      if (faults.redisAway) steps.push(...away(trying, 'begins, cannot reach Redis'))
      if (!guards.fallbackOnlyWhileAway && state.processes[process]?.fallback !== undefined)
        steps.push(bypass(trying, i, `${me} begins`, setting))
      if (!guards.joinNeedsOwnRead)
        for (const [f, flight] of state.flights.entries())
          if (flight.process === process) steps.push(step('begins and follows a load', follow(begun, i, f)))
      return steps
    }
    case 'outbox': {
      const delivered = deliverOutbox(state, i, me, guards)
      if (!faults.removalFails && !faults.redisAway) return [...steps, delivered]
      const does = 'cannot deliver it'
      return [
        ...steps,
        delivered,
        ...(guards.bypassUntilDelivered ? away(state, does) : [get(state, i, `${me} ${does}, GET`, setting)]),
      ]
    }
    case 'removed': {
      const confirmed = confirmDelivery(state, i, guards)
      const to = isBreakerOpen ? closeBreaker(confirmed, process, guards) : confirmed
      return [...steps, ...orAway([get(to, i, `${me} has the answer, GET`, setting)])]
    }
    case 'empty':
    case 'stale':
      return [...steps, ...orAway(askForLease(state, i, me, setting))]
    case 'askingAgain': {
      const returned = returnLease(state, process, token as number, [], guards)
      const lost = faults.redisAway ? away(returned, 'cannot reach Redis any more') : []
      return [...steps, ...askForLease(state, i, me, setting), ...lost]
    }
    case 'waiting': {
      steps.push(...orAway([get(state, i, `${me} GET again`, setting)]))
      for (const [f, flight] of state.flights.entries()) {
        if (flight.process !== process) continue
        if (flight.earlierReaders.includes(i))
          steps.push(step('follows a load that began after it', follow(state, i, f)))
        else if (flight.token === token && token !== undefined)
          steps.push(
            step(
              'follows the load whose lease it has found',
              follow(state, i, f, {
                minVersion: guards.joinNeedsMinVersion ? reader.minVersion : undefined,
              }),
            ),
          )
      }
      if (faults.waitsEnd) steps.push(bypass(state, i, `${me} has waited long enough`, setting))
      return steps
    }
    case 'following':
      return steps
  }
}

const openBreaker = (state: State, process: number) => withProcess(state, process, { isBreakerOpen: true })

/** A probe was answered. The fallback is dropped, and loads that still run no longer become the fallback. */
function closeBreaker(state: State, process: number, { fallbackOnlyWhileAway }: Setting['guards']): State {
  if (!fallbackOnlyWhileAway) return withProcess(state, process, { isBreakerOpen: false })
  const flights = state.flights.map((each) =>
    each.process === process ? { ...each, isForFallback: false } : each,
  )
  return { ...withProcess(state, process, { isBreakerOpen: false, fallback: undefined }), flights }
}
