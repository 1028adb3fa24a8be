import type { Setting } from './protocol.ts'
import { inDatabase, type Key, type State, type Step, versionOf, type Writer } from './state.ts'

/** Everything that one writer may do next. */
export function writerSteps(state: State, i: number, { guards, faults }: Setting): Step[] {
  const writer = state.writers[i] as Writer
  const me = `writer ${i} of process ${writer.process}`
  const next = inDatabase(state) + 1
  const step = (does: string, to: State): Step => ({ does: `${me} ${does}`, to })
  const resolvedDone = (from: State, value: number): State => ({ ...from, done: Math.max(from.done, value) })

  switch (writer.at) {
    case 'idle': {
      if (writer.kind === 'edit') {
        const version = Math.max(0, versionOf(state, next - 1) - (faults.versionsFall ? 1 : 0))
        const done = moved(state, i, { at: 'done' })
        return [
          step(`edits past the catalog: value ${next}`, { ...done, versions: [...state.versions, version] }),
        ]
      }
      if (!guards.removalFollowsCommit)
        return [
          step('removes', { ...moved(state, i, { at: 'committing' }), key: removed(state.key, guards) }),
        ]
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
      const removes = moved({ ...state, key: removed(state.key, guards) }, i, { at: 'done' })
      const steps = [step('removes: done', resolvedDone(removes, writer.value))]
      if (faults.removalFails) {
        const owed = state.owed.with(writer.process, writer.value)
        const last = Math.max(state.deferred[writer.process] as number, writer.value)
        const deferred = state.deferred.with(writer.process, last)
        steps.push(step('cannot remove: deferred', { ...moved(state, i, { at: 'done' }), owed, deferred }))
      }
      if (faults.writerKilled) steps.push(step('is killed', moved(state, i, { at: 'done' })))
      return steps
    }
    case 'removingEarly':
      return [step('removes', moved({ ...state, key: removed(state.key, guards) }, i, { at: 'late' }))]
    case 'late':
      return [step(`is over, and now its commit happens: value ${next}`, commit(state, i, 'done'))]
    case 'committing':
      return [step(`commits value ${next}: done`, resolvedDone(commit(state, i, 'done'), next))]
    case 'done':
      return []
  }
}

/** What happens by itself: leases and entries end, keys are evicted, the stream delivers. */
export function environmentSteps(state: State, { guards, faults, stream }: Setting): Step[] {
  const { entry, lease, ended } = state.key
  const steps: Step[] = []
  if (lease !== undefined && !ended && guards.leasesEnd)
    steps.push({
      does: 'the lease runs out',
      to: { ...state, key: entry ? { ...state.key, ended: true } : {} },
    })
  if (faults.eviction && (entry || lease !== undefined))
    steps.push({ does: 'the key is evicted', to: { ...state, key: {} } })
  if (faults.ageing && entry) {
    const older = { value: entry.value, age: entry.age === 0 ? (1 as const) : (2 as const) }
    const key = entry.age === 2 ? {} : { ...state.key, entry: older }
    steps.push({ does: entry.age === 2 ? 'the entry expires' : 'the entry ages', to: { ...state, key } })
  }
  if (stream && state.delivered < inDatabase(state)) steps.push(deliver(state, guards))
  return steps
}

/** The stream tells of the next commit: what is older goes, and so does the lease of whoever may have read what is older. */
function deliver(state: State, guards: Setting['guards']): Step {
  const { entry, lease } = state.key
  const value = state.delivered + 1
  const version = versionOf(state, value)
  const rose = version > versionOf(state, value - 1)
  const compares = guards.eventSparesNewer && (rose || !guards.eventThatDidNotRiseRemoves)
  const spares = entry ? compares && versionOf(state, entry.value) >= version : !guards.eventDropsLease
  const key = spares ? state.key : guards.eventDropsLease ? {} : { lease }
  const does = `the stream tells of value ${value}${rose ? '' : ', whose version did not rise'}`
  return { does, to: { ...state, key, delivered: value }, what: 'event' }
}

const removed = (key: Key, guards: Setting['guards']): Key =>
  guards.removalDropsLease || key.ended ? {} : { lease: key.lease }

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
