import {
  type Batch,
  type Guards,
  getToken,
  type Id,
  ids,
  type State,
  type Step,
  tokens,
} from './batchState.ts'
import { allGuards } from './guards.ts'
import {
  failed,
  fillEntry,
  isFailureMark,
  isLeaseRunning,
  type Key,
  releaseLease,
  removeEntry,
  type Token,
  takeLease,
} from './key.ts'

/** Returns everything that may happen next. */
export function steps(state: State, guards: Guards): Step[] {
  return [
    ...batchSteps(state, guards),
    ...getAndWriteSteps(state),
    ...ids.flatMap((id) => shardSteps(state, id, guards)),
  ]
}

function batchSteps(state: State, guards: Guards): Step[] {
  const { batch } = state
  const to = (change: Partial<Batch>, more: Partial<State> = {}): State => ({
    ...state,
    ...more,
    batch: { ...batch, ...change },
  })
  switch (batch.at) {
    case 'idle':
      return [
        {
          does: 'the batch asks for both leases',
          to: to({ at: 'asking', leases: ['asked', 'asked'], promised: state.done }),
        },
      ]
    case 'asking': {
      const isUnanswered = batch.leases.map((each) => each === 'asked' || each === 'executed')
      const leases = batch.leases.map((each) =>
        each === 'asked' ? 'late' : each === 'executed' ? 'late, executed' : each,
      )
      const releases = state.releases.map(
        (each, id) => each || (isUnanswered[id] === true && guards.unansweredLeaseIsReturned),
      )
      const isAnyLate = isUnanswered.includes(true)
      // Without the guard, one late shard makes the batch drop the leases that it holds, without releasing them.
      const left =
        isAnyLate && !guards.othersGoOn
          ? leases.map((each) => (each === 'held' ? ('over' as const) : each))
          : leases
      return [
        {
          does: `the batch loads${isAnyLate ? ', without waiting any longer' : ''}`,
          to: to({ at: 'loading', leases: left }, { releases }),
        },
      ]
    }
    case 'loading': {
      const keys = state.keys.map((key, id) =>
        batch.leases[id] === 'held' && (guards.eachIsMarked || id === 0)
          ? releaseLease(key, tokens[id] as Token, failed, allGuards)
          : key,
      ) as [Key, Key]
      const over = batch.leases.map((each) => (each === 'held' ? ('over' as const) : each))
      return [
        {
          does: `the batch reads ${state.written} of the second id`,
          to: to({ at: 'loaded', values: [0, state.written] }),
        },
        { does: 'the load of the batch fails', to: to({ at: 'done', leases: over }, { keys }) },
      ]
    }
    case 'loaded': {
      const id = ids.find((each) => batch.leases[each] === 'held')
      const answer = { value: batch.values[1] as number, promised: batch.promised }
      if (id === undefined) return [{ does: 'the batch answers', to: to({ at: 'done' }), answer }]
      const token = guards.eachHasItsLease ? tokens[id] : (state.keys[id].lease ?? tokens[id])
      const value = batch.values[id] as number
      const { key } = fillEntry(state.keys[id], token, { value, version: value }, allGuards)
      const keys = state.keys.with(id, key) as [Key, Key]
      return [
        { does: `the batch fills id ${id}`, to: to({ leases: batch.leases.with(id, 'over') }, { keys }) },
      ]
    }
    case 'done':
      return []
  }
}

/** What one shard does: it executes a lease, answers, executes a release, or a lease ends. */
function shardSteps(state: State, id: Id, guards: Guards): Step[] {
  const { batch } = state
  const key = state.keys[id]
  const lease = batch.leases[id]
  const withKey = (next: Key): State => ({ ...state, keys: state.keys.with(id, next) as [Key, Key] })
  const withLease = (from: State, next: Batch['leases'][number]): State => ({
    ...from,
    batch: { ...batch, leases: batch.leases.with(id, next) },
  })
  const steps: Step[] = []
  if (lease === 'asked' || lease === 'late') {
    const taken = takeLease(key, { caller: tokens[id], seen: undefined }, allGuards)
    const executed = withKey(taken.key)
    const next = taken.token !== undefined ? (lease === 'late' ? 'late, executed' : 'executed') : 'none'
    steps.push({ does: `shard ${id} executes the lease`, to: withLease(executed, next) })
  }
  if (lease === 'executed')
    steps.push({ does: `shard ${id} has answered the lease`, to: withLease(state, 'held') })
  if (lease === 'late, executed' && !guards.leaseComesBeforeLoad && batch.at !== 'done')
    steps.push({
      does: `shard ${id} answers late`,
      to: { ...withLease(state, 'held'), releases: state.releases.with(id, false) },
    })
  if (state.releases[id] && lease !== 'late') {
    const returned = withKey(releaseLease(key, tokens[id], undefined, allGuards))
    steps.push({
      does: `shard ${id} executes the release`,
      to: { ...withLease(returned, 'over'), releases: state.releases.with(id, false) },
    })
  }
  if (isLeaseRunning(key)) steps.push({ does: `the lease of id ${id} ends`, to: withKey({}) })
  return steps
}

/** The get and the write of the second id. */
function getAndWriteSteps(state: State): Step[] {
  const { get, keys } = state
  const [first, key] = keys
  const withGet = (change: Partial<State['get']>, next = key): State => ({
    ...state,
    get: { ...get, ...change },
    keys: [first, next],
  })
  const steps: Step[] = []
  if (get.at === 'idle') {
    if (key.entry)
      steps.push({
        does: 'the get finds an entry',
        to: withGet({ at: 'done' }),
        answer: { value: key.entry.value, promised: state.done },
      })
    else if (isFailureMark(key.lease))
      steps.push({ does: 'the get finds the mark of a load that has failed', to: withGet({ at: 'done' }) })
    else if (!isLeaseRunning(key))
      steps.push({
        does: 'the get takes the lease',
        to: withGet({ at: 'loading', promised: state.done }, { lease: getToken }),
      })
  } else if (get.at === 'loading') {
    steps.push({
      does: `the get reads ${state.written}`,
      to: withGet({ at: 'loaded', value: state.written }),
    })
  } else if (get.at === 'loaded') {
    const { value, promised } = get
    const fill = fillEntry(key, getToken, { value, version: value }, allGuards)
    steps.push({
      does: 'the get fills',
      to: withGet({ at: 'done' }, fill.key),
      answer: { value, promised },
    })
  }
  if (state.written === 0) steps.push({ does: 'the write commits', to: { ...state, written: 1 } })
  else if (state.done === 0)
    steps.push({
      does: 'the write removes: done',
      to: { ...state, done: 1, keys: [first, removeEntry(key, undefined, allGuards)] },
    })
  return steps
}
