import { answerError, answerStale } from './answer.ts'
import type { Call, Miss } from './call.ts'
import { Overloaded } from './errors.ts'

/**
 * Takes permits for loads, and passes each miss to `begin` as soon as there is a permit for it. A miss that
 * gets no permit in time is refused.
 */
export async function withPermits<V>(
  call: Call<V>,
  misses: Miss<V>[],
  begin: (misses: Miss<V>[], permits: number) => Promise<void>,
): Promise<void> {
  const { loads, options, emit } = call.cache
  const begun: Promise<void>[] = []
  for (let rest = misses; rest.length > 0; ) {
    let permits = loads.take(call.loadMany ? 1 : rest.length)
    // All permits are taken: a miss that can be answered by its stale entry does not wait for one.
    if (permits === 0) rest = rest.filter((miss) => !answerStale(call, miss))
    if (rest.length === 0) break
    const ms = Math.min(options.waitMs, call.deadline - performance.now())
    if (permits === 0 && (await loads.wait(ms))) permits = 1
    if (permits === 0) {
      for (const miss of rest) {
        emit?.({ type: 'overloaded', id: miss.id })
        answerError(call, miss, new Overloaded(miss.id))
      }
      break
    }
    const some = call.loadMany ? rest : rest.slice(0, permits)
    rest = rest.slice(some.length)
    begun.push(begin(some, permits))
  }
  await Promise.all(begun)
}
