import { type Entry, isLeaseRunning, type Owner, takeLease } from './key.ts'
import { addUnstored, answerGet, atMain, deliverOutbox, withReader } from './sideAnswer.ts'
import { beginFlight, follow } from './sideFlight.ts'
import { takeSideLease } from './sideKey.ts'
import {
  type Guards,
  type Process,
  type Reader,
  type State,
  type Step,
  unusedToken,
  withKey,
} from './sideState.ts'

/** Returns everything that one reader may do next. */
export function readerSteps(state: State, i: number, guards: Guards, mayBypass: boolean): Step[] {
  const reader = state.readers[i] as Reader
  const { process, at, place, mainFillId, gets } = reader
  const { served, outbox } = state.processes[process] as Process
  const me = `reader ${i} of process ${process}`
  const bypasses = mayBypass && at !== 'idle' && at !== 'following' ? [bypass(state, i, me, guards)] : []
  switch (at) {
    case 'idle': {
      if (gets === 0) return []
      const begun = withReader(state, i, { at: 'delivered', promised: Math.max(state.done, served) })
      if (!outbox) return [readKey(begun, i, `${me} begins, GET`, guards, { isFirst: true })]
      return [
        {
          does: `${me} begins and removes what is older than ${outbox.version}`,
          to: deliverOutbox(begun, process),
        },
      ]
    }
    case 'delivered':
      return [readKey(state, i, `${me} GET`, guards, { isFirst: true }), ...bypasses]
    case 'side':
      return [
        readKey(state, i, `${me} GET of the side entry of ${mainFillId}`, guards, { isFirst: true }),
        ...bypasses,
      ]
    case 'asking':
      return [askForLease(state, i, me, guards), ...bypasses]
    case 'waiting': {
      const steps = [readKey(state, i, `${me} GET again`, guards, { hasWaited: true }), ...bypasses]
      for (const [f, flight] of state.flights.entries()) {
        if (flight.process !== process || flight.place !== place) continue
        const isSame = flight.mainFillId === mainFillId || !guards.joinNeedsMainFillId
        if (flight.earlierReaders.includes(i))
          steps.push({ does: `${me} follows a later load`, to: follow(state, i, f) })
        else if (flight.lease === reader.lease && isSame)
          steps.push({
            does: `${me} follows the load whose lease it has found`,
            to: follow(state, i, f, reader.minVersion),
          })
      }
      return steps
    }
    case 'following':
      return []
  }
}

/** The script that takes the lease, or hands back what the key holds instead. */
function askForLease(state: State, i: number, me: string, guards: Guards): Step {
  const { place, mainFillId, seen } = state.readers[i] as Reader
  const { [place]: own, main } = state.keys
  const request = { caller: unusedToken(state), seen }
  const { key, token, isGone } =
    mainFillId === undefined
      ? { ...takeLease(own, request, guards), isGone: false }
      : takeSideLease(own, main, { ...request, mainFillId }, guards)
  if (isGone) {
    const to = withReader(state, i, { ...atMain, at: 'asking' })
    return { does: `${me} asks for the side lease of ${mainFillId}, which is gone`, to }
  }
  if (token === undefined) return readKey(state, i, `${me} asks for the lease at ${place}, is handed`, guards)
  const taken = withKey(state, place, key)
  const to = { ...taken, mayLoad: { ...taken.mayLoad, [place]: false } }
  return { does: `${me} takes the lease at ${place}`, to: beginFlight(to, i, token), takes: place }
}

/**
 * Reads a key, and decides what the reader does next.
 *
 * @param does the beginning of the step's description
 * @param how `isFirst`: whether this is the first read of that key. `hasWaited`: whether the reader has waited for its
 *   lease
 */
function readKey(
  state: State,
  i: number,
  does: string,
  guards: Guards,
  { isFirst = false, hasWaited = false } = {},
): Step {
  const { place } = state.readers[i] as Reader
  const key = state.keys[place]
  const { entry, lease, minVersion } = key
  const isSide = place !== 'main'
  const ask = (fillId?: number): Step => {
    // A reader that has waited in vain at a side key begins at the main key again.
    const at = isSide && hasWaited ? atMain : { seen: fillId, lease: undefined, minVersion: undefined }
    const to = withReader(state, i, { at: 'asking', ...at })
    return { does: `${does}: nothing that it could use`, to }
  }
  const wait: Step = {
    does: `${does}: lease ${lease}`,
    to: withReader(state, i, { at: 'waiting', seen: entry?.fillId, lease, minVersion }),
  }
  if (!entry) return lease === undefined ? ask() : wait
  if (isUsable(entry, ownerFor(state, i), isSide, guards)) {
    if (entry.age === 0) return answerGet(state, i, `${does}: value ${entry.value}`, entry.value)
    // While one reader refreshes a stale entry, the others are served it. At first only the script knows of the
    // refresh.
    if (isFirst || lease === undefined) return ask(entry.fillId)
    return answerGet(state, i, `${does}: stale value ${entry.value}`, entry.value)
  }
  if (!isSide && entry.age === 0 && guards.freshIsLeftAlone) {
    const { schema } = state.processes[(state.readers[i] as Reader).process] as Process
    const to = withReader(state, i, { ...atMain, at: 'side', place: schema, mainFillId: entry.fillId })
    return { does: `${does}: entry ${entry.fillId} of the other schema`, to }
  }
  return lease !== undefined && !isFirst && (hasWaited || isLeaseRunning(key)) ? wait : ask(entry.fillId)
}

/**
 * Returns whether the reader can use an entry: it has the reader's schema, or belongs to the main entry that the reader
 * has found.
 */
const isUsable = (entry: Entry, of: Owner | undefined, isSide: boolean, guards: Guards) =>
  entry.of === of || (isSide && !guards.readerComparesMainFillId)

function ownerFor({ readers, processes }: State, i: number): Owner | undefined {
  const { place, mainFillId, process } = readers[i] as Reader
  return place === 'main' ? processes[process]?.schema : mainFillId
}

/** The reader stops waiting or cannot reach Redis, and answers from the database alone. */
function bypass(state: State, i: number, me: string, guards: Guards): Step {
  const { process, place } = state.readers[i] as Reader
  const { written } = state
  return answerGet(
    addUnstored(state, process, place, written, guards),
    i,
    `${me} bypasses the cache`,
    written,
  )
}
