import { startControl } from '../../test/support/control.ts'
import { startNetwork } from '../../test/support/network.ts'
import { withBefore } from '../support/checkouts.ts'
import { libraries } from '../support/contender.ts'
import { type Demand, type Measure, quickVariable, type Rows } from '../support/measurement.ts'
import { round } from '../support/statistics.ts'
import type { Condition, Observation } from './condition.ts'
import { faults } from './conditions/faults.ts'
import { lists } from './conditions/lists.ts'
import { outages } from './conditions/outages.ts'
import { waiting } from './conditions/waiting.ts'
import { Testbed } from './testbed.ts'

const conditions = [...lists, ...waiting, ...faults, ...outages]
/** A trial does not count if the bare client has waited longer than this, ms: the machine stalled. */
const stallMs = 50
const attempts = 3
const repeatedTrials = 'trials repeated, because the machine stalled'
const longestWait = 'longest wait of a bare client, ms'

/**
 * Observes what each cache does under each condition, at its defaults and with half a millisecond each way to Redis. Each
 * trial has servers and processes of its own. A bare client runs next to it. If that client had to wait, the trial is
 * repeated.
 */
export const measure: Measure = async (report) => {
  const stops: (() => unknown)[] = []
  const network = await startNetwork()
  stops.push(() => network.worker.kill())
  try {
    const control = await startControl(network, (stop) => void stops.push(stop))
    const rows: Rows = {}
    const demands: Record<string, Demand> = {}
    const notes = { [repeatedTrials]: 0, [longestWait]: 0 }
    const runTrial = async (condition: Condition, contender: string): Promise<Observation> => {
      for (let attempt = 1; ; attempt++) {
        const testbed = new Testbed(contender, network, control)
        try {
          const observation = await condition.run(testbed)
          const waited = await testbed.longestWait()
          if (waited <= stallMs || attempt === attempts || process.env[quickVariable]) {
            notes[longestWait] = Math.max(notes[longestWait], round(waited))
            return observation
          }
          notes[repeatedTrials]++
        } finally {
          await testbed.end()
        }
      }
    }
    const aisle = withBefore('aisle')
    for (const [at, condition] of conditions.entries()) {
      rows[`${at + 1}.`] = { condition: condition.name, seen: `must be: ${condition.must}` }
      for (const contender of condition.forLibraries ? [...aisle, ...libraries] : aisle) {
        report(`${condition.name}: ${contender}`)
        const { summary, figure, met } = await runTrial(condition, contender)
        rows[`${at + 1}. ${contender}`] = { condition: '', seen: summary }
        if (contender === 'aisle') demands[condition.name] = { wanted: condition.must, measured: figure, met }
      }
    }
    return { rows, demands, notes }
  } finally {
    for (const stop of stops.reverse()) await stop()
  }
}
