import { moved } from './answer.ts'
import { removed } from './key.ts'
import type { Setting } from './protocol.ts'
import type { Debts, Process, Reader, State, Step } from './state.ts'

type Guards = Setting['guards']

/**
 * A load was served and not stored, so Redis may hold what is older, or be about to. It is removed before this process
 * reads again; where nothing has ever existed, whatever there is.
 */
export function owes(state: State, process: number, version: number, { servedOnlyRises }: Guards): State {
  const { due = version } = state.processes[process] as Process
  const most = servedOnlyRises ? Math.max(due, version) : version
  return inProcess(state, process, { due: due === 0 || version === 0 ? 0 : most })
}

/** Whether something is to be delivered before a process reads. */
export const isOwing = ({ owed, due }: Debts, guards: Guards): boolean =>
  (owed > 0 && guards.owedIsDeliveredFirst) || (due !== undefined && guards.servedIsDeliveredFirst)

/** A reader delivers all that its process owes, and is yet to hear that this was done. */
export function delivers(state: State, i: number, me: string, guards: Guards): Step {
  const { owed, due } = state.processes[(state.readers[i] as Reader).process] as Process
  const all = owed > 0 || !due
  const key = all ? {} : removed(state.key, due, guards)
  const isGone = all || (key !== state.key && key.lease === undefined)
  const to = moved(state, i, { at: 'removed', debts: { owed, due } })
  const does = `${me} delivers the removal${all ? '' : ` of what is older than version ${due}`}`
  return { does, to: { ...to, key, mayLoad: state.mayLoad || isGone } }
}

/** It has heard so. What came to be owed meanwhile stays, unless it asks for no more than what was delivered. */
export function settled(state: State, i: number, guards: Guards): State {
  const { process, debts } = state.readers[i] as Reader
  const { owed, due } = state.processes[process] as Process
  const anyway = !guards.debtIsSettledByItsOwnRemoval
  const left: Partial<Process> = {
    ...((anyway || owed === debts?.owed) && { owed: 0 }),
    ...((anyway || due === debts?.due) && { due: undefined }),
  }
  return moved(inProcess(state, process, left), i, { debts: undefined })
}

export const inProcess = (state: State, process: number, change: Partial<Process>): State => ({
  ...state,
  processes: state.processes.with(process, { ...(state.processes[process] as Process), ...change }),
})
