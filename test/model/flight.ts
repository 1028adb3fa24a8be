import { abandon, release, returnLease } from './abandoned.ts'
import { answerToFailure, endGet } from './answer.ts'
import { failed, falselyFailed, fillEntry, type Token } from './key.ts'
import { addUnstored } from './outbox.ts'
import type { Setting } from './protocol.ts'
import {
  type Answer,
  type Flight,
  inDatabase,
  type Reader,
  type State,
  type Step,
  type Value,
  versionOf,
} from './state.ts'

/** Returns everything that a load may do next. */
export function flightSteps(state: State, f: number, setting: Setting): Step[] {
  const { guards, faults } = setting
  const flight = state.flights[f] as Flight
  const { process, token, at } = flight
  const me = `the load ${token === undefined ? 'past the cache' : `by lease ${token}`} in process ${process}`
  if (flight.isAbandoned) return [endAbandoned(state, f, me, setting)]
  if (at === 'loading') {
    const values = guards.loadsAreConsistent ? [inDatabase(state)] : state.versions.map((_, value) => value)
    const steps = values.map((value): Step => {
      const read = withFlight(state, f, { at: 'loaded', value })
      const does = `${me} reads value ${value}`
      // A load that bypasses the cache and is not for the fallback does nothing observable between reading and
      // answering.
      return token === undefined && !flight.isForFallback && guards.bypassStoresNothing
        ? endWithValue(read, f, does, guards, { how: 'bypass' })
        : { does, to: read }
    })
    return faults.loadFails ? [...steps, ...failLoad(state, f, me, setting)] : steps
  }
  return token === undefined ? [endBypass(state, f, me, setting)] : fillSteps(state, f, me, token, setting)
}

/** The fill, and what may become of its answer. */
function fillSteps(state: State, f: number, me: string, token: Token, { guards, faults }: Setting): Step[] {
  const { process, value, at } = state.flights[f] as { value: Value } & Flight
  const { key, stored } = fillEntry(state.key, token, { value, version: versionOf(state, value) }, guards)
  // A fill that is refused for its version leaves nothing: the removal that demands it is the reason for the next load.
  const executed = { ...state, key, mayLoad: state.mayLoad || (!key.entry && key.lease === undefined) }
  const does = `${me} fills value ${value}: ${stored ? 'stored' : 'refused'}`
  const steps = [
    endWithValue(executed, f, does, guards, { how: 'loaded', stored, ...(!stored && { refused: token }) }),
  ]
  if (faults.sentTwice && at === 'loaded')
    steps.push({
      does: `${does}, and its client sends it again`,
      to: withFlight(executed, f, { at: 'filled' }),
    })
  if (faults.answersLost) {
    const lost = returnLease(executed, process, token, [], guards)
    const late = returnLease(state, process, token, [{ does: 'fill', value }], guards)
    steps.push(endWithValue(lost, f, `${does}, but the answer is lost`, guards, { how: 'loaded' }))
    steps.push(
      endWithValue(late, f, `${me} stops waiting for a fill that is under way`, guards, { how: 'loaded' }),
    )
  }
  return steps
}

/** Ends a load that bypasses the cache. Its value may become the fallback while Redis is away. */
function endBypass(state: State, f: number, me: string, { guards }: Setting): Step {
  const { process, isForFallback, value } = state.flights[f] as { value: Value } & Flight
  const does = `${me} answers value ${value}`
  const processes = isForFallback
    ? state.processes.map((each, p) => (p === process ? { ...each, fallback: value } : each))
    : state.processes
  const entry = { value, version: versionOf(state, value), age: 0 as const, fillId: 0 }
  const key = guards.bypassStoresNothing ? state.key : { entry }
  return endWithValue({ ...state, key, processes }, f, does, guards, { how: 'bypass' })
}

/** A load fails. Its lease is marked, and its followers are answered. */
function failLoad(state: State, f: number, me: string, { guards, faults }: Setting): Step[] {
  const { process, token, followers, leader } = state.flights[f] as Flight
  const seenByLeader = leader === undefined ? undefined : state.readers[leader]?.seen
  const end = (from: State, does: string): Step => {
    const answers = followers.map((i): Answer => {
      const reader = state.readers[i] as Reader
      const seen = guards.staleOnlyIfSeen ? reader.seen : (reader.seen ?? seenByLeader)
      return { ...answerToFailure(reader, 'load', seen), process }
    })
    const to = followers.reduce(endGet, { ...from, flights: from.flights.filter((_, at) => at !== f) })
    return { does, to, answers }
  }
  const does = `${me} fails`
  if (token === undefined) return [end(state, does)]
  const leavesMark = guards.failedLoadLeavesMark
  const marked = leavesMark ? release(state, token, failed, guards) : state
  if (!faults.answersLost) return [end(marked, does)]
  const late = abandon(state, process, token, leavesMark ? [{ does: 'release', mark: failed }] : [])
  return [end(marked, does), end(late, `${does}, and its mark is late`)]
}

/** Ends a load with its value. Its followers are answered, except those that need a newer value. */
function endWithValue(
  state: State,
  f: number,
  does: string,
  guards: Setting['guards'],
  { how, stored, refused }: { how: 'loaded' | 'bypass'; stored?: boolean; refused?: Token },
): Step {
  const { process, value, followers, leader, token } = state.flights[f] as { value: Value } & Flight
  const answers: Answer[] = []
  let to: State = { ...state, flights: state.flights.filter((_, at) => at !== f) }
  if (!stored && followers.length > 0) to = addUnstored(to, process, versionOf(state, value), guards)
  for (const i of followers) {
    const reader = state.readers[i] as Reader
    const { minVersion } = reader
    if (minVersion !== undefined && versionOf(state, value) < minVersion) {
      to = { ...to, readers: to.readers.with(i, { ...reader, at: 'waiting', token, minVersion }) }
      continue
    }
    const by = reader.fallback ? 'fallback' : i === leader ? how : 'collapsed'
    answers.push({ how: by, value, promised: reader.promised, process, away: reader.fallback })
    to = endGet(to, i)
  }
  return { does, to, answers, ...(refused !== undefined && { refused }) }
}

/** Ends an abandoned load, and with it the gets that have followed it since. */
function endAbandoned(state: State, f: number, me: string, { guards }: Setting): Step {
  const { process, token, followers } = state.flights[f] as Flight
  const answers = followers.map(
    (i): Answer => ({ ...answerToFailure(state.readers[i] as Reader, undefined), process }),
  )
  const without = { ...state, flights: state.flights.filter((_, at) => at !== f) }
  const returned = token === undefined ? without : release(without, token, undefined, guards)
  return { does: `${me} is over`, to: followers.reduce(endGet, returned), answers }
}

/** A reader's own time runs out. Its load goes on for the other followers, or is abandoned. */
export function timeEnds(state: State, i: number, me: string, { guards }: Setting): Step {
  const reader = state.readers[i] as Reader
  const f = state.flights.findIndex(({ followers }) => followers.includes(i))
  const answers: Answer[] = [{ ...answerToFailure(reader, 'time'), process: reader.process }]
  const does = `${me} has no more time`
  const flight = state.flights[f]
  if (!flight) {
    const returned =
      reader.at === 'askingAgain'
        ? returnLease(state, reader.process, reader.token as Token, [], guards)
        : state
    return { does, to: endGet(returned, i), answers }
  }
  const endsForAll = !guards.loadOutlivesLeader && flight.leader === i
  const others = flight.followers.filter((j) => j !== i)
  if ((others.length > 0 && !endsForAll) || flight.at !== 'loading')
    return { does, to: endGet(state, i), answers }
  if (!guards.abandonedLoadIsNotJoined)
    return {
      does: `${does}, and its load is abandoned`,
      to: endGet(withFlight(state, f, { isAbandoned: true }), i),
      answers,
    }
  let to = endGet({ ...state, flights: state.flights.filter((_, at) => at !== f) }, i)
  for (const j of others) {
    answers.push({ ...answerToFailure(state.readers[j] as Reader, undefined), process: reader.process })
    to = endGet(to, j)
  }
  const { token, process } = flight
  if (token === undefined) return { does, to, answers }
  if (!guards.abandonedLoadLeavesNoMark)
    return { does, to: release(to, token, falselyFailed, guards), answers }
  const returned = guards.abandonedLoadReturnsLease ? abandon(to, process, token, [{ does: 'release' }]) : to
  return { does: `${does}, and its load is abandoned`, to: returned, answers }
}

const withFlight = (state: State, f: number, change: Partial<Flight>): State => ({
  ...state,
  flights: state.flights.with(f, { ...(state.flights[f] as Flight), ...change }),
})
