import { removeEntry } from './key.ts'
import type { Setting } from './protocol.ts'
import { inDatabase, type Process, type State, type Step, versionOf, type Writer } from './state.ts'

/** Returns everything that one writer may do next. */
export function writerSteps(state: State, i: number, { guards, faults }: Setting): Step[] {
  const writer = state.writers[i] as Writer
  const { process, value } = writer
  const me = `writer ${i} of process ${process}`
  const next = inDatabase(state) + 1
  const step = (does: string, to: State): Step => ({ does: `${me} ${does}`, to })
  const remove = (at: Writer['at']): State => {
    const key = removeEntry(state.key, undefined, guards)
    return { ...endFallback(withWriter(state, i, { at }), process, guards), key, mayLoad: true }
  }
  const endWriteDone = (from: State, commit: number): State => ({
    ...endWrite(from, process, commit),
    done: Math.max(from.done, commit),
  })

  switch (writer.at) {
    case 'idle': {
      if (writer.kind === 'edit') {
        const version = Math.max(0, versionOf(state, next - 1) - (faults.versionsFall ? 1 : 0))
        const versions = [...state.versions, version]
        return [
          step(`edits the table directly: value ${next}`, {
            ...withWriter(state, i, { at: 'done' }),
            versions,
          }),
        ]
      }
      if (!guards.removalFollowsCommit) return [step('removes', remove('committing'))]
      const committed = commit(state, i, 'removing')
      const steps = [step(`commits value ${next}`, committed)]
      if (faults.commitThrows) {
        const thrown = guards.removalFollowsThrow
          ? committed
          : endWriteDone(withWriter(committed, i, { at: 'done' }), next)
        steps.push(step(`commits value ${next}, and it seems to have failed`, thrown))
      }
      if (faults.commitIsLate)
        steps.push(step('abandons a commit', withWriter(state, i, { at: 'removingEarly' })))
      return steps
    }
    case 'removing': {
      const steps = [step('removes: done', endWriteDone(remove('done'), value))]
      if (faults.removalFails) {
        const deferred = endWrite(
          endFallback(withWriter(state, i, { at: 'done' }), process, guards),
          process,
          value,
        )
        const processes = deferred.processes.with(process, {
          ...(deferred.processes[process] as Process),
          deferred: value,
        })
        steps.push(step('cannot remove: deferred', { ...deferred, processes }))
      }
      if (faults.writerKilled) steps.push(step('is killed', withWriter(state, i, { at: 'done' })))
      return steps
    }
    case 'removingEarly':
      return [step('removes', remove('late'))]
    case 'late':
      return [step(`has ended, and now its commit happens: value ${next}`, commit(state, i, 'done'))]
    case 'committing':
      return [step(`commits value ${next}: done`, endWriteDone(commit(state, i, 'done'), next))]
    case 'done':
      return []
  }
}

/** Ends a write, and has its process remember the commit. */
function endWrite(state: State, process: number, commit: number): State {
  const known = state.processes[process] as Process
  return {
    ...state,
    processes: state.processes.with(process, { ...known, own: Math.max(known.own, commit) }),
  }
}

/** Drops the fallback, which was loaded before this write, and keeps running loads from becoming the fallback. */
function endFallback(state: State, process: number, guards: Setting['guards']): State {
  if (!guards.ownWriteEndsFallback) return state
  const known = { ...(state.processes[process] as Process), fallback: undefined }
  const flights = state.flights.map((each) =>
    each.process === process && each.isForFallback ? { ...each, isForFallback: false } : each,
  )
  return { ...state, flights, processes: state.processes.with(process, known) }
}

const commit = (state: State, i: number, at: Writer['at']): State => {
  const value = inDatabase(state) + 1
  const versions = [...state.versions, versionOf(state, value - 1) + 1]
  return { ...withWriter(state, i, { at, value: at === 'done' ? 0 : value }), versions }
}

const withWriter = (state: State, i: number, change: Partial<Writer>): State => ({
  ...state,
  writers: state.writers.with(i, {
    ...(state.writers[i] as Writer),
    ...(change.at === 'done' && { value: 0 }),
    ...change,
  }),
})
