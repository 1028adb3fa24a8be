import { answer, atMain, moved, owes, pay } from './besideAnswer.ts'
import { beginFlight, follow } from './besideFlight.ts'
import { leasedBeside } from './besideKey.ts'
import {
  freshToken,
  type Guards,
  type Process,
  type Reader,
  type State,
  type Step,
  withKey,
} from './besideState.ts'
import { type Entry, leased, type Owner, runs } from './key.ts'

/** Everything that one reader may do next. */
export function readerSteps(state: State, i: number, guards: Guards, mayGoPast: boolean): Step[] {
  const reader = state.readers[i] as Reader
  const { process, at, place, head, gets } = reader
  const { served, due } = state.processes[process] as Process
  const me = `reader ${i} of process ${process}`
  const passes = mayGoPast && at !== 'idle' && at !== 'following' ? [past(state, i, me, guards)] : []
  switch (at) {
    case 'idle': {
      if (gets === 0) return []
      const begun = moved(state, i, { at: 'paid', promised: Math.max(state.done, served) })
      if (!due) return [look(begun, i, `${me} begins, GET`, guards, { isFirst: true })]
      return [{ does: `${me} begins and removes what is older than ${due.version}`, to: pay(begun, process) }]
    }
    case 'paid':
      return [look(state, i, `${me} GET`, guards, { isFirst: true }), ...passes]
    case 'aside':
      return [look(state, i, `${me} GET beside ${head}`, guards, { isFirst: true }), ...passes]
    case 'open':
      return [askForLease(state, i, me, guards), ...passes]
    case 'held': {
      const steps = [look(state, i, `${me} GET again`, guards, { waits: true }), ...passes]
      for (const [f, flight] of state.flights.entries()) {
        if (flight.process !== process || flight.place !== place) continue
        const isSame = flight.head === head || !guards.joinNeedsHead
        if (flight.after.includes(i))
          steps.push({ does: `${me} follows a later load`, to: follow(state, i, f) })
        else if (flight.lease === reader.lease && isSame)
          steps.push({
            does: `${me} follows the load whose lease it has found`,
            to: follow(state, i, f, reader.least),
          })
      }
      return steps
    }
    case 'following':
      return []
  }
}

/** The script that takes the lease, or hands back what stands in its way. */
function askForLease(state: State, i: number, me: string, guards: Guards): Step {
  const { place, head, seen } = state.readers[i] as Reader
  const { [place]: own, main } = state.keys
  const request = { caller: freshToken(state), seen }
  const { key, token, isGone } =
    head === undefined
      ? { ...leased(own, request, guards), isGone: false }
      : leasedBeside(own, main, { ...request, head }, guards)
  if (isGone) {
    const to = moved(state, i, { ...atMain, at: 'open' })
    return { does: `${me} asks for the lease beside ${head}, which is gone`, to }
  }
  if (token === undefined) return look(state, i, `${me} asks for the lease at ${place}, is given`, guards)
  const taken = withKey(state, place, key)
  const to = { ...taken, mayLoad: { ...taken.mayLoad, [place]: false } }
  return { does: `${me} takes the lease at ${place}`, to: beginFlight(to, i, token), takes: place }
}

/**
 * What a reader makes of what stands at its key.
 *
 * @param how whether this is the first that it sees of that key, and whether it has waited there
 */
function look(
  state: State,
  i: number,
  does: string,
  guards: Guards,
  { isFirst = false, waits = false } = {},
): Step {
  const { place } = state.readers[i] as Reader
  const key = state.keys[place]
  const { entry, lease, least } = key
  const isAside = place !== 'main'
  const open = (fill?: number): Step => {
    // Who has waited in vain at a side key begins at the other one again.
    const at = isAside && waits ? atMain : { seen: fill, lease: undefined, least: undefined }
    const to = moved(state, i, { at: 'open', ...at })
    return { does: `${does}: nothing that it could use`, to }
  }
  const held: Step = {
    does: `${does}: lease ${lease}`,
    to: moved(state, i, { at: 'held', seen: entry?.fill, lease, least }),
  }
  if (!entry) return lease === undefined ? open() : held
  if (isFor(entry, ownerFor(state, i), isAside, guards)) {
    if (entry.age === 0) return answer(state, i, `${does}: value ${entry.value}`, entry.value)
    // Others are served what is stale while one refreshes it. At first only the script knows whether one does.
    if (isFirst || lease === undefined) return open(entry.fill)
    return answer(state, i, `${does}: stale value ${entry.value}`, entry.value)
  }
  if (!isAside && entry.age === 0 && guards.freshIsLeftAlone) {
    const { schema } = state.processes[(state.readers[i] as Reader).process] as Process
    const to = moved(state, i, { ...atMain, at: 'aside', place: schema, head: entry.fill })
    return { does: `${does}: entry ${entry.fill} of the other schema`, to }
  }
  return lease !== undefined && !isFirst && (waits || runs(key)) ? held : open(entry.fill)
}

/** Whether it is the reader's: of its schema, or beside the entry that it has found. */
const isFor = (entry: Entry, of: Owner | undefined, isAside: boolean, guards: Guards) =>
  entry.of === of || (isAside && !guards.readerComparesHead)

function ownerFor({ readers, processes }: State, i: number): Owner | undefined {
  const { place, head, process } = readers[i] as Reader
  return place === 'main' ? processes[process]?.schema : head
}

/** It waits no longer, or cannot reach Redis, and answers from the database alone. */
function past(state: State, i: number, me: string, guards: Guards): Step {
  const { process, place } = state.readers[i] as Reader
  const { written } = state
  return answer(owes(state, process, place, written, guards), i, `${me} goes past the cache`, written)
}
