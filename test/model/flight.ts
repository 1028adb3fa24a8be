import { failing, over } from './answer.ts'
import { owes } from './debts.ts'
import { failed, falselyFailed, filled, type Token } from './key.ts'
import type { Setting } from './protocol.ts'
import { giveBack, leave, release } from './sent.ts'
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

/** Everything that a load may do next. */
export function flightSteps(state: State, f: number, setting: Setting): Step[] {
  const { guards, faults } = setting
  const flight = state.flights[f] as Flight
  const { process, token, at } = flight
  const me = `the load ${token === undefined ? 'past the cache' : `by lease ${token}`} in process ${process}`
  if (flight.givenUp) return [landGivenUp(state, f, me, setting)]
  if (at === 'loading') {
    const values = guards.loadsAreConsistent ? [inDatabase(state)] : state.versions.map((_, value) => value)
    const steps = values.map((value): Step => {
      const read = changed(state, f, { at: 'holding', value })
      const does = `${me} reads value ${value}`
      // Past the cache, where nothing is kept, nothing happens between reading and answering that anybody could tell.
      return token === undefined && !flight.keeps && guards.bypassStoresNothing
        ? land(read, f, does, guards, { how: 'bypass' })
        : { does, to: read }
    })
    return faults.loadFails ? [...steps, ...loadFails(state, f, me, setting)] : steps
  }
  return token === undefined ? [landPast(state, f, me, setting)] : fills(state, f, me, token, setting)
}

/** The fill, and what may become of its answer. */
function fills(state: State, f: number, me: string, token: Token, { guards, faults }: Setting): Step[] {
  const { process, value, at } = state.flights[f] as { value: Value } & Flight
  const { key, stored } = filled(state.key, token, { value, version: versionOf(state, value) }, guards)
  // A fill that is refused for its version leaves nothing: the removal that demands one is the reason of the next load.
  const executed = { ...state, key, mayLoad: state.mayLoad || (!key.entry && key.lease === undefined) }
  const does = `${me} fills value ${value}: ${stored ? 'stored' : 'refused'}`
  const steps = [
    land(executed, f, does, guards, { how: 'loaded', stored, ...(!stored && { refused: token }) }),
  ]
  if (faults.sentTwice && at === 'holding')
    steps.push({ does: `${does}, and its client sends it again`, to: changed(executed, f, { at: 'filled' }) })
  if (faults.answersLost) {
    const back = giveBack(executed, process, token, [], guards)
    const late = giveBack(state, process, token, [{ does: 'fill', value }], guards)
    steps.push(land(back, f, `${does}, but the answer is lost`, guards, { how: 'loaded' }))
    steps.push(land(late, f, `${me} gives up on a fill that is under way`, guards, { how: 'loaded' }))
  }
  return steps
}

/** Ends a load past the cache, whose value may be kept for while Redis is away. */
function landPast(state: State, f: number, me: string, { guards }: Setting): Step {
  const { process, keeps, value } = state.flights[f] as { value: Value } & Flight
  const does = `${me} answers value ${value}`
  const kept = keeps
    ? state.processes.map((each, p) => (p === process ? { ...each, kept: value } : each))
    : state.processes
  const entry = { value, version: versionOf(state, value), age: 0 as const, fill: 0 }
  const key = guards.bypassStoresNothing ? state.key : { entry }
  return land({ ...state, key, processes: kept }, f, does, guards, { how: 'bypass' })
}

/** A load has failed. Its lease is marked, and whoever follows it is told. */
function loadFails(state: State, f: number, me: string, { guards, faults }: Setting): Step[] {
  const { process, token, followers, leader } = state.flights[f] as Flight
  const led = leader === undefined ? undefined : state.readers[leader]?.seen
  const land = (from: State, does: string): Step => {
    const answers = followers.map((i): Answer => {
      const reader = state.readers[i] as Reader
      const seen = guards.staleOnlyIfSeen ? reader.seen : (reader.seen ?? led)
      return { ...failing(reader, 'load', seen), process }
    })
    const to = followers.reduce(over, { ...from, flights: from.flights.filter((_, at) => at !== f) })
    return { does, to, answers }
  }
  const does = `${me} fails`
  if (token === undefined) return [land(state, does)]
  const marks = guards.failureLeavesMark
  const marked = marks ? release(state, token, failed, guards) : state
  if (!faults.answersLost) return [land(marked, does)]
  const late = leave(state, process, token, marks ? [{ does: 'release', mark: failed }] : [])
  return [land(marked, does), land(late, `${does}, and its mark is late`)]
}

/** Ends a load with its value: its followers are answered, but for those that need a newer one. */
function land(
  state: State,
  f: number,
  does: string,
  guards: Setting['guards'],
  { how, stored, refused }: { how: 'loaded' | 'bypass'; stored?: boolean; refused?: Token },
): Step {
  const { process, value, followers, leader, token } = state.flights[f] as { value: Value } & Flight
  const answers: Answer[] = []
  let to: State = { ...state, flights: state.flights.filter((_, at) => at !== f) }
  if (!stored && followers.length > 0) to = owes(to, process, versionOf(state, value), guards)
  for (const i of followers) {
    const reader = state.readers[i] as Reader
    if (reader.least !== undefined && versionOf(state, value) < reader.least) {
      to = { ...to, readers: to.readers.with(i, { ...reader, at: 'waiting', token, least: reader.least }) }
      continue
    }
    const by = reader.fallback ? 'fallback' : i === leader ? how : 'collapsed'
    answers.push({ how: by, value, promised: reader.promised, process, away: reader.fallback })
    to = over(to, i)
  }
  return { does, to, answers, ...(refused !== undefined && { refused }) }
}

/** A load that was given up is over, and with it whoever has followed it since. */
function landGivenUp(state: State, f: number, me: string, { guards }: Setting): Step {
  const { process, token, followers } = state.flights[f] as Flight
  const answers = followers.map(
    (i): Answer => ({ ...failing(state.readers[i] as Reader, undefined), process }),
  )
  const without = { ...state, flights: state.flights.filter((_, at) => at !== f) }
  const back = token === undefined ? without : release(without, token, undefined, guards)
  return { does: `${me} is over`, to: followers.reduce(over, back), answers }
}

/** A reader's own time is over. The load goes on for the others, or is given up. */
export function timeEnds(state: State, i: number, me: string, { guards }: Setting): Step {
  const reader = state.readers[i] as Reader
  const f = state.flights.findIndex(({ followers }) => followers.includes(i))
  const answers: Answer[] = [{ ...failing(reader, 'time'), process: reader.process }]
  const does = `${me} has no more time`
  const flight = state.flights[f]
  if (!flight) {
    const back =
      reader.at === 'asked' ? giveBack(state, reader.process, reader.token as Token, [], guards) : state
    return { does, to: over(back, i), answers }
  }
  const takesAll = !guards.flightOutlivesLeader && flight.leader === i
  const others = flight.followers.filter((j) => j !== i)
  if ((others.length > 0 && !takesAll) || flight.at !== 'loading')
    return { does, to: over(state, i), answers }
  if (!guards.givenUpIsNotFollowed)
    return {
      does: `${does}, and its load is given up`,
      to: over(changed(state, f, { givenUp: true }), i),
      answers,
    }
  let to = over({ ...state, flights: state.flights.filter((_, at) => at !== f) }, i)
  for (const j of others) {
    answers.push({ ...failing(state.readers[j] as Reader, undefined), process: reader.process })
    to = over(to, j)
  }
  const { token, process } = flight
  if (token === undefined) return { does, to, answers }
  if (!guards.givenUpLeavesNoMark) return { does, to: release(to, token, falselyFailed, guards), answers }
  const back = guards.flightGivesBack ? leave(to, process, token, [{ does: 'release' }]) : to
  return { does: `${does}, and its load is given up`, to: back, answers }
}

const changed = (state: State, f: number, change: Partial<Flight>): State => ({
  ...state,
  flights: state.flights.with(f, { ...(state.flights[f] as Flight), ...change }),
})
