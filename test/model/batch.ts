import {
  type BatchGuard,
  batchGuards,
  batchProperties,
  ids,
  type State,
  type Step,
  tokens,
} from './batchState.ts'
import { steps } from './batchSteps.ts'
import { type Explored, explore } from './explore.ts'

function findBroken({ to, answer }: Step): string | undefined {
  if (answer && answer.value < answer.promised) return batchProperties.noStaleFill
  const { batch, keys, written, done, get } = to
  for (const id of ids) {
    const { lease } = keys[id]
    if (lease !== tokens[id]) continue
    const isLoading = ['executed', 'held'].includes(batch.leases[id] ?? '') && batch.at !== 'done'
    if (!isLoading && !to.releases[id]) return batchProperties.noLeaseLeft
  }
  const isOver = batch.at === 'done' && get.at === 'done' && written === done
  return isOver && keys[1].entry && keys[1].entry.value < written ? batchProperties.agreement : undefined
}

/** Explores the batch completely, or to the first violation, with all guards except `without`. */
export function exploreBatch(without?: BatchGuard): Explored {
  const guards = { ...batchGuards, ...(without && { [without]: false }) }
  const start: State = {
    keys: [{}, {}],
    batch: { at: 'idle', leases: ['none', 'none'], values: [], promised: 0 },
    get: { at: 'idle', value: 0, promised: 0 },
    ...{ written: 0, done: 0, releases: [false, false] },
  }
  const isEnd = ({ batch, get, done, releases }: State) =>
    batch.at === 'done' && get.at === 'done' && done === 1 && !releases.includes(true)
  return explore(
    {
      starts: [start],
      steps: (state) => steps(state, guards),
      encode: JSON.stringify,
      isEnd,
      findBroken: (_, step) => findBroken(step),
    },
    100_000,
  )
}
