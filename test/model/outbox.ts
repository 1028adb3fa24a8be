import { withReader } from './answer.ts'
import { removeEntry } from './key.ts'
import type { Setting } from './protocol.ts'
import type { Outbox, Process, Reader, State, Step } from './state.ts'

type Guards = Setting['guards']

/**
 * Records that a value was served and not stored, so Redis may hold an older value, or be about to. Before the process
 * reads again, it removes every older entry. If the id has never existed, it removes any entry.
 */
export function addUnstored(
  state: State,
  process: number,
  version: number,
  { servedVersionOnlyRises }: Guards,
): State {
  const { olderThan = version } = state.processes[process] as Process
  const most = servedVersionOnlyRises ? Math.max(olderThan, version) : version
  return withProcess(state, process, { olderThan: olderThan === 0 || version === 0 ? 0 : most })
}

/** Returns whether a process has to deliver its outbox before it reads. */
export const hasToDeliver = ({ deferred, olderThan }: Outbox, guards: Guards): boolean =>
  (deferred > 0 && guards.deferredRemovalComesFirst) ||
  (olderThan !== undefined && guards.removalOfOlderComesFirst)

/** Has a reader deliver the outbox of its process. The reader has yet to receive the answer. */
export function deliverOutbox(state: State, i: number, me: string, guards: Guards): Step {
  const { deferred, olderThan } = state.processes[(state.readers[i] as Reader).process] as Process
  const removesAll = deferred > 0 || !olderThan
  const key = removesAll ? {} : removeEntry(state.key, olderThan, guards)
  const isGone = removesAll || (key !== state.key && key.lease === undefined)
  const to = withReader(state, i, { at: 'removed', delivering: { deferred, olderThan } })
  const does = `${me} delivers the removal${removesAll ? '' : ` of what is older than version ${olderThan}`}`
  return { does, to: { ...to, key, mayLoad: state.mayLoad || isGone } }
}

/**
 * Has the reader receive the answer. Removals that were added meanwhile stay in the outbox, unless the delivered removals
 * cover them.
 */
export function confirmDelivery(state: State, i: number, guards: Guards): State {
  const { process, delivering } = state.readers[i] as Reader
  const { deferred, olderThan } = state.processes[process] as Process
  const clearsAll = !guards.outboxKeepsNewerRemovals
  const left: Partial<Process> = {
    ...((clearsAll || deferred === delivering?.deferred) && { deferred: 0 }),
    ...((clearsAll || olderThan === delivering?.olderThan) && { olderThan: undefined }),
  }
  return withReader(withProcess(state, process, left), i, { delivering: undefined })
}

/** Returns the state with a process changed. */
export const withProcess = (state: State, process: number, change: Partial<Process>): State => ({
  ...state,
  processes: state.processes.with(process, { ...(state.processes[process] as Process), ...change }),
})
