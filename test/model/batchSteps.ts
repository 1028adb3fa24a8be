import { type Batch, type Guards, type Id, ids, other, type State, type Step, tokens } from './batchState.ts'
import { failed, filled, isMark, type Key, leased, released, removed, runs, type Token } from './key.ts'
import { allGuards } from './protocol.ts'

/** Everything that may happen next. */
export function steps(state: State, guards: Guards): Step[] {
  return [
    ...batchSteps(state, guards),
    ...others(state),
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
      const open = batch.leases.map((each) => each === 'asked' || each === 'executed')
      const leases = batch.leases.map((each) =>
        each === 'asked' ? 'late' : each === 'executed' ? 'late, executed' : each,
      )
      const backs = state.backs.map((back, id) => back || (open[id] === true && guards.unansweredIsGivenBack))
      const gone = open.includes(true)
      // A batch that takes one shard for all lets go of what it holds, and says nothing.
      const left =
        gone && !guards.othersGoOn
          ? leases.map((each) => (each === 'held' ? ('over' as const) : each))
          : leases
      return [
        {
          does: `the batch loads${gone ? ', without waiting any longer' : ''}`,
          to: to({ at: 'loading', leases: left }, { backs }),
        },
      ]
    }
    case 'loading': {
      const keys = state.keys.map((key, id) =>
        batch.leases[id] === 'held' && (guards.eachIsMarked || id === 0)
          ? released(key, tokens[id] as Token, failed, allGuards)
          : key,
      ) as [Key, Key]
      const over = batch.leases.map((each) => (each === 'held' ? ('over' as const) : each))
      return [
        {
          does: `the batch reads ${state.written} of the second id`,
          to: to({ at: 'holding', values: [0, state.written] }),
        },
        { does: 'the load of the batch fails', to: to({ at: 'done', leases: over }, { keys }) },
      ]
    }
    case 'holding': {
      const id = ids.find((each) => batch.leases[each] === 'held')
      const answer = { value: batch.values[1] as number, promised: batch.promised }
      if (id === undefined) return [{ does: 'the batch answers', to: to({ at: 'done' }), answer }]
      const token = guards.eachHasItsLease ? tokens[id] : (state.keys[id].lease ?? tokens[id])
      const value = batch.values[id] as number
      const { key } = filled(state.keys[id], token, { value, version: value }, allGuards)
      const keys = state.keys.with(id, key) as [Key, Key]
      return [
        { does: `the batch fills id ${id}`, to: to({ leases: batch.leases.with(id, 'over') }, { keys }) },
      ]
    }
    case 'done':
      return []
  }
}

/** What one shard does: it executes a lease, its answer comes, what was given back is, a lease ends. */
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
    const asked = leased(key, { caller: tokens[id], seen: undefined }, allGuards)
    const executed = withKey(asked.key)
    const next = asked.token !== undefined ? (lease === 'late' ? 'late, executed' : 'executed') : 'none'
    steps.push({ does: `shard ${id} executes the lease`, to: withLease(executed, next) })
  }
  if (lease === 'executed')
    steps.push({ does: `shard ${id} has answered the lease`, to: withLease(state, 'held') })
  if (lease === 'late, executed' && !guards.leaseComesBeforeLoad && batch.at !== 'done')
    steps.push({
      does: `shard ${id} answers late`,
      to: { ...withLease(state, 'held'), backs: state.backs.with(id, false) },
    })
  if (state.backs[id] && lease !== 'late') {
    const given = withKey(released(key, tokens[id], undefined, allGuards))
    steps.push({
      does: `shard ${id} takes its lease back`,
      to: { ...withLease(given, 'over'), backs: state.backs.with(id, false) },
    })
  }
  if (runs(key)) steps.push({ does: `the lease of id ${id} ends`, to: withKey({}) })
  return steps
}

/** The get and the write of the second id. */
function others(state: State): Step[] {
  const { get, keys } = state
  const [first, key] = keys
  const read = (to: Partial<State['get']>, next = key): State => ({
    ...state,
    get: { ...get, ...to },
    keys: [first, next],
  })
  const steps: Step[] = []
  if (get.at === 'idle') {
    if (key.entry)
      steps.push({
        does: 'the get finds an entry',
        to: read({ at: 'done' }),
        answer: { value: key.entry.value, promised: state.done },
      })
    else if (isMark(key.lease))
      steps.push({ does: 'the get is told that the load has failed', to: read({ at: 'done' }) })
    else if (!runs(key))
      steps.push({
        does: 'the get takes the lease',
        to: read({ at: 'loading', promised: state.done }, { lease: other }),
      })
  } else if (get.at === 'loading') {
    steps.push({ does: `the get reads ${state.written}`, to: read({ at: 'holding', value: state.written }) })
  } else if (get.at === 'holding') {
    const { value, promised } = get
    const fill = filled(key, other, { value, version: value }, allGuards)
    steps.push({ does: 'the get fills', to: read({ at: 'done' }, fill.key), answer: { value, promised } })
  }
  if (state.written === 0) steps.push({ does: 'the write commits', to: { ...state, written: 1 } })
  else if (state.done === 0)
    steps.push({
      does: 'the write removes: done',
      to: { ...state, done: 1, keys: [first, removed(key, undefined, allGuards)] },
    })
  return steps
}
