import { answer, loadFails, moved } from './answer.ts'
import { askForLease, get } from './lookUp.ts'
import type { Setting } from './protocol.ts'
import { inDatabase, type Reader, type State, type Step, type Value, versionOf } from './state.ts'

/** Everything that one reader may do next. */
export function readerSteps(state: State, i: number, setting: Setting): Step[] {
  const { guards, faults } = setting
  const reader = state.readers[i] as Reader
  const me = `reader ${i} of process ${reader.process}`
  const step = (does: string, to: State): Step => ({ does: `${me} ${does}`, to })
  const past = (why: string) =>
    step(`${why}, goes past the cache`, moved(state, i, { at: 'past', token: undefined }))
  const away = (steps: Step[]) => (faults.redisAway ? [...steps, past('cannot reach Redis')] : steps)

  switch (reader.at) {
    case 'idle': {
      if (reader.gets === 0) return []
      const promised = { done: state.done, own: state.deferred[reader.process] as Value }
      const begun = moved(state, i, { promised })
      if (guards.owedIsDeliveredFirst && state.owed[reader.process])
        return [step('begins, a removal is owed', moved(begun, i, { at: 'owing' }))]
      const joins = guards.joinNeedsOwnRead
        ? []
        : loadsOf(state, reader.process).map((j) =>
            step(`begins and joins reader ${j}`, moved(begun, i, { at: 'joined', token: j })),
          )
      return [...away([get(begun, i, me, 'begins, GET')]), ...joins]
    }
    case 'owing': {
      const debt = state.owed[reader.process]
      const delivered = step('delivers the removal', {
        ...moved(state, i, { at: 'removed', debt }),
        key: {},
      })
      if (!faults.removalFails) return [delivered]
      return [
        delivered,
        guards.pastWhileOwed ? past('cannot deliver it') : get(state, i, me, 'cannot deliver it, GET'),
      ]
    }
    case 'removed': {
      const settles = !guards.debtIsSettledByItsOwnRemoval || state.owed[reader.process] === reader.debt
      const owed = settles ? state.owed.with(reader.process, 0) : state.owed
      return away([get({ ...moved(state, i, { debt: undefined }), owed }, i, me, 'has the answer, GET')])
    }
    case 'empty':
    case 'stale':
      return away(askForLease(state, i, me, setting))
    case 'waiting': {
      const steps = away([get(state, i, me, 'GET again')])
      if (loadsOf(state, reader.process).includes(reader.token as number))
        steps.push(step(`joins reader ${reader.token}`, moved(state, i, { at: 'joined' })))
      if (faults.waitsEnd) steps.push(past('has waited long enough'))
      return steps
    }
    case 'joined': {
      const leader = state.readers[reader.token as number] as Reader
      if (leader.at !== 'holding') return []
      return [answer(state, i, `${me} is given value ${leader.value}`, 'collapsed', leader.value)]
    }
    case 'loading': {
      const newest = inDatabase(state)
      const values = guards.loadsAreConsistent ? [newest] : state.versions.map((_, value) => value)
      const steps = values.map((value) =>
        step(`reads value ${value}`, moved(state, i, { at: 'holding', value })),
      )
      if (faults.loadFails) steps.push(loadFails(state, i, me, setting))
      return steps
    }
    case 'holding': {
      const value = reader.value as Value
      const { entry, lease } = state.key
      const accepted =
        !guards.fillNeedsToken ||
        (!guards.fillIsNotByVersion &&
          !(entry && versionOf(state, entry.value) >= versionOf(state, value))) ||
        (guards.tokensDiffer ? lease === i : lease !== undefined)
      const key = accepted ? { entry: { value, age: 0 as const } } : state.key
      const filled = `${me} fills value ${value}: ${accepted ? 'stored' : 'refused'}`
      const steps = [answer({ ...state, key }, i, filled, 'loaded', value)]
      if (faults.redisAway) steps.push(answer(state, i, `${me} fills value ${value}: lost`, 'loaded', value))
      return steps
    }
    case 'past': {
      const newest = inDatabase(state)
      const loads = guards.bypassStoresNothing
        ? answer(state, i, `${me} loads value ${newest} for itself`, 'bypass', newest)
        : step(`loads value ${newest} for itself`, moved(state, i, { at: 'storing', value: newest }))
      return faults.loadFails ? [loads, loadFails(state, i, me, setting)] : [loads]
    }
    case 'storing': {
      const key = { entry: { value: reader.value as Value, age: 0 as const } }
      return [answer({ ...state, key }, i, `${me} stores value ${reader.value}`, 'bypass', reader.value)]
    }
  }
}

/** The loads that run in a process under a lease. */
const loadsOf = (state: State, process: number) =>
  state.readers.flatMap((reader, j) =>
    reader.process === process && (reader.at === 'loading' || reader.at === 'holding') ? [j] : [],
  )
