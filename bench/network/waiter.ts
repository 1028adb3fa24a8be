import { startControl } from '../../test/support/control.ts'
import { startNetwork } from '../../test/support/network.ts'
import { withBefore } from '../cacheAside/engine.ts'
import { atMost, type Measure, median, quantile, round, roundsOf } from '../cacheAside/measured.ts'
import { now } from './clock.ts'
import { behave, Ground, type Process } from './ground.ts'

const rounds = 7 * roundsOf(30)
const loadMs = 50

/**
 * How long after the process that loads has its answer one that waits for it has its own: it asks ten ms later for the
 * same cold id. The contenders take turns.
 */
export const measure: Measure = async (say) => {
  const network = await startNetwork()
  const stops: (() => unknown)[] = [() => network.worker.kill()]
  try {
    const control = await startControl(network, (stop) => void stops.push(stop))
    const pairs: { name: string; pair: Process[]; after: number[] }[] = []
    for (const name of withBefore('aisle')) {
      say(name)
      const ground = new Ground(name, network, control)
      stops.push(() => ground.end())
      const { url } = await ground.redis(0.5)
      const pair = await ground.processes(2, url)
      await behave(pair, { loadMs })
      pairs.push({ name, pair, after: [] })
    }
    await control.begin()
    for (let n = 0; n < rounds; n++) {
      say(`round ${n + 1} of ${rounds}`)
      for (const { pair, after } of n % 2 ? pairs.toReversed() : pairs) {
        const at = now() + 20
        const [led, waited] = await Promise.all(
          pair.map((each, place) => each.call('get', { id: `cold-${n}`, at: at + 10 * place })),
        )
        after.push((waited?.[0]?.ended ?? 0) - (led?.[0]?.ended ?? 0))
      }
    }
    const longest = await control.longest()
    const p90 = Object.fromEntries(pairs.map(({ name, after }) => [name, round(quantile(after, 0.9), 1)]))
    return {
      rows: Object.fromEntries(
        pairs.map(({ name, after }) => [
          name,
          {
            'median after the leader, ms': round(median(after), 1),
            'p90, ms': p90[name] ?? 0,
            'p99, ms': round(quantile(after, 0.99), 1),
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
