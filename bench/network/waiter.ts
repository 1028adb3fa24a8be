import { startControl } from '../../test/support/control.ts'
import { startNetwork } from '../../test/support/network.ts'
import { withBefore } from '../support/checkouts.ts'
import { atMost, type Measure, roundsOf } from '../support/measurement.ts'
import { median, quantile, round } from '../support/statistics.ts'
import { now } from './clock.ts'
import { type Process, setBehaviour, Testbed } from './testbed.ts'

const rounds = 7 * roundsOf(30)
const loadMs = 50

/**
 * Measures how long after the loading process a waiting process has its answer. The waiting process asks for the same cold
 * id 10 ms later. The contenders take turns.
 */
export const measure: Measure = async (report) => {
  const network = await startNetwork()
  const stops: (() => unknown)[] = [() => network.worker.kill()]
  try {
    const control = await startControl(network, (stop) => void stops.push(stop))
    const contenders: { name: string; pair: Process[]; delays: number[] }[] = []
    for (const name of withBefore('aisle')) {
      report(name)
      const testbed = new Testbed(name, network, control)
      stops.push(() => testbed.end())
      const { url } = await testbed.redis(0.5)
      const pair = await testbed.processes(2, url)
      await setBehaviour(pair, { loadMs })
      contenders.push({ name, pair, delays: [] })
    }
    await control.begin()
    for (let n = 0; n < rounds; n++) {
      report(`round ${n + 1} of ${rounds}`)
      for (const { pair, delays } of n % 2 ? contenders.toReversed() : contenders) {
        const at = now() + 20
        const [leader, waiter] = await Promise.all(
          pair.map((each, place) => each.call('get', { id: `cold-${n}`, at: at + 10 * place })),
        )
        delays.push((waiter?.[0]?.ended ?? 0) - (leader?.[0]?.ended ?? 0))
      }
    }
    const longest = await control.longest()
    const p90 = Object.fromEntries(
      contenders.map(({ name, delays }) => [name, round(quantile(delays, 0.9), 1)]),
    )
    return {
      rows: Object.fromEntries(
        contenders.map(({ name, delays }) => [
          name,
          {
            'median after the leader, ms': round(median(delays), 1),
            'p90, ms': p90[name] ?? 0,
            'p99, ms': round(quantile(delays, 0.99), 1),
          },
        ]),
      ),
      demands: { 'a waiter of another process after its leader, p90, ms': atMost(12, p90.aisle ?? 0) },
      notes: { 'longest wait of a bare client, ms': round(longest) },
    }
  } finally {
    for (const stop of stops.reverse()) await stop()
  }
}
