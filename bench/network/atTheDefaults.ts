import { startControl } from '../../test/support/control.ts'
import { startNetwork } from '../../test/support/network.ts'
import { libraries } from '../cacheAside/contender.ts'
import { withBefore } from '../cacheAside/engine.ts'
import { type Demand, type Measure, quickVariable, round } from '../cacheAside/measured.ts'
import type { Condition, Seen } from './condition.ts'
import { faults } from './conditions/faults.ts'
import { lists } from './conditions/lists.ts'
import { outages } from './conditions/outages.ts'
import { waiting } from './conditions/waiting.ts'
import { Ground } from './ground.ts'

const conditions = [...lists, ...waiting, ...faults, ...outages]
/** A trial in which a bare client once waited longer than this says nothing, ms. */
const stoodStillMs = 50
const attempts = 3

/**
 * What a cache does under each condition, at its defaults, its Redis half a millisecond away each way. Each trial has
 * servers and processes of its own, and a bare client beside it: one in which that client had to wait is repeated.
 */
export const measure: Measure = async (say) => {
  const stops: (() => unknown)[] = []
  const network = await startNetwork()
  stops.push(() => network.worker.kill())
  try {
    const control = await startControl(network, (stop) => void stops.push(stop))
    const rows: Awaited<ReturnType<Measure>>['rows'] = {}
    const demands: Record<string, Demand> = {}
    const notes = {
      'trials repeated, since the machine stood still': 0,
      'longest wait of a bare client, ms': 0,
    }
    const trial = async (condition: Condition, contender: string): Promise<Seen> => {
      for (let attempt = 1; ; attempt++) {
        const ground = new Ground(contender, network, control)
        try {
          const seen = await condition.try(ground)
          const longest = await ground.longest()
          if (longest <= stoodStillMs || attempt === attempts || process.env[quickVariable]) {
            const worst = 'longest wait of a bare client, ms'
            notes[worst] = Math.max(notes[worst], round(longest))
            return seen
          }
          notes['trials repeated, since the machine stood still']++
        } finally {
          await ground.end()
        }
      }
    }
    const aisle = withBefore('aisle')
    for (const [at, condition] of conditions.entries()) {
      rows[`${at + 1}.`] = { condition: condition.name, seen: `must be: ${condition.must}` }
      for (const contender of condition.forLibraries ? [...aisle, ...libraries] : aisle) {
        say(`${condition.name}: ${contender}`)
        const { seen, figure, met } = await trial(condition, contender)
        rows[`${at + 1}. ${contender}`] = { condition: '', seen }
        if (contender === 'aisle') demands[condition.name] = { wanted: condition.must, measured: figure, met }
      }
    }
    return { rows, demands, notes }
  } finally {
    for (const stop of stops.reverse()) await stop()
  }
}
