import { removed } from './key.ts'
import type { Setting } from './protocol.ts'
import { inDatabase, type Process, type State, type Step, versionOf, type Writer } from './state.ts'

/** Everything that one writer may do next. */
export function writerSteps(state: State, i: number, { guards, faults }: Setting): Step[] {
  const writer = state.writers[i] as Writer
  const { process, value } = writer
  const me = `writer ${i} of process ${process}`
  const next = inDatabase(state) + 1
  const step = (does: string, to: State): Step => ({ does: `${me} ${does}`, to })
  const removes = (at: Writer['at']): State => {
    const key = removed(state.key, undefined, guards)
    return { ...forgets(moved(state, i, { at }), process, guards), key, mayLoad: true }
  }
  const resolvedDone = (from: State, commit: number): State => ({
    ...resolved(from, process, commit),
    done: Math.max(from.done, commit),
  })

  switch (writer.at) {
    case 'idle': {
      if (writer.kind === 'edit') {
        const version = Math.max(0, versionOf(state, next - 1) - (faults.versionsFall ? 1 : 0))
        const versions = [...state.versions, version]
        return [
          step(`edits past the catalog: value ${next}`, { ...moved(state, i, { at: 'done' }), versions }),
        ]
      }
      if (!guards.removalFollowsCommit) return [step('removes', removes('committing'))]
      const committed = commit(state, i, 'removing')
      const steps = [step(`commits value ${next}`, committed)]
      if (faults.commitThrows) {
        const thrown = guards.removalFollowsThrow
          ? committed
          : resolvedDone(moved(committed, i, { at: 'done' }), next)
        steps.push(step(`commits value ${next}, and it seems to have failed`, thrown))
      }
      if (faults.commitIsLate)
        steps.push(step('gives up on a commit', moved(state, i, { at: 'removingEarly' })))
      return steps
    }
    case 'removing': {
      const steps = [step('removes: done', resolvedDone(removes('done'), value))]
      if (faults.removalFails) {
        const deferred = resolved(forgets(moved(state, i, { at: 'done' }), process, guards), process, value)
        const processes = deferred.processes.with(process, {
          ...(deferred.processes[process] as Process),
          owed: value,
        })
        steps.push(step('cannot remove: deferred', { ...deferred, processes }))
      }
      if (faults.writerKilled) steps.push(step('is killed', moved(state, i, { at: 'done' })))
      return steps
    }
    case 'removingEarly':
      return [step('removes', removes('late'))]
    case 'late':
      return [step(`is over, and now its commit happens: value ${next}`, commit(state, i, 'done'))]
    case 'committing':
      return [step(`commits value ${next}: done`, resolvedDone(commit(state, i, 'done'), next))]
    case 'done':
      return []
  }
}

/** The write has ended: its process knows of it. */
function resolved(state: State, process: number, commit: number): State {
  const known = state.processes[process] as Process
  return {
    ...state,
    processes: state.processes.with(process, { ...known, own: Math.max(known.own, commit) }),
  }
}

/** What was loaded before this write is not kept for while Redis is away, nor what is still being loaded. */
function forgets(state: State, process: number, guards: Setting['guards']): State {
  if (!guards.fallbackForgetsOwnWrites) return state
  const known = { ...(state.processes[process] as Process), kept: undefined }
  const flights = state.flights.map((each) =>
    each.process === process && each.keeps ? { ...each, keeps: false } : each,
  )
  return { ...state, flights, processes: state.processes.with(process, known) }
}

const commit = (state: State, i: number, at: Writer['at']): State => {
  const value = inDatabase(state) + 1
  const versions = [...state.versions, versionOf(state, value - 1) + 1]
  return { ...moved(state, i, { at, value: at === 'done' ? 0 : value }), versions }
}

const moved = (state: State, i: number, change: Partial<Writer>): State => ({
  ...state,
  writers: state.writers.with(i, {
    ...(state.writers[i] as Writer),
    ...(change.at === 'done' && { value: 0 }),
    ...change,
  }),
})
