import { randomInt } from 'node:crypto'
import { expect, test } from 'vitest'
import { freshTables } from '../support/dynamodb.ts'
import { checkAll } from './check.ts'
import { promises } from './options.ts'
import { countOperations, describeViolations, summarize } from './report.ts'
import { type Sabotage, sabotages } from './sabotage.ts'
import { runTorture, type TortureOptions, type TortureResult } from './torture.ts'

/** Eight processes take a while to start on a busy machine, ms. */
const timeout = 120_000
const seed = String(randomInt(2 ** 32))

async function tortureAndCheck(
  options: Pick<TortureOptions, 'seconds' | 'processes' | 'sabotage' | 'readsOnly' | 'faults' | 'isEnough'>,
) {
  const { endpoint, table } = await freshTables()
  const result = await runTorture({ dynamodbEndpoint: endpoint, table, seed, ...options })
  const violations = checkAll(result.history, promises, result.circumstances)
  const details = describeViolations(violations, result, promises)
  const report = `seed ${seed}\n${summarize(result, violations)}\n${details}`
  return { violations, report, counts: countOperations(result) }
}

test('eight processes see no broken promise while Redis is killed, paused and flushed', {
  timeout,
}, async () => {
  const { violations, report, counts } = await tortureAndCheck({ seconds: 20 })
  console.log(report)
  expect(violations.length, report).toBe(0)
  // The run had enough of everything to prove something.
  expect(Object.keys(counts.faults).length, report).toBeGreaterThanOrEqual(4)
  const { hit, stored, bypass, fallback, cache, database } = counts.reads
  for (const number of [
    ...[hit, stored, bypass, fallback, cache, database],
    ...[counts.removals.deferred, counts.removals.done, counts.loads.failed],
  ]) {
    expect(number, report).toBeGreaterThan(10)
  }
})

test.each(Object.keys(sabotages) as Sabotage[])(
  'the checker finds a cache that is broken on purpose: %s',
  {
    timeout,
  },
  async (sabotage) => {
    const { rule, readsOnly = false }: { rule: string; readsOnly?: boolean } = sabotages[sabotage]
    const isFound = ({ history, circumstances }: TortureResult) =>
      checkAll(history, promises, circumstances).some((each) => each.rule === rule)
    // There are no faults of Redis, so the sabotage is all there is to find. On a busy machine it takes longer to show.
    const options = { seconds: 60, processes: 3, faults: [], sabotage, readsOnly, isEnough: isFound }
    const { violations, report } = await tortureAndCheck(options)
    expect(
      violations.map((each) => each.rule),
      report,
    ).toContain(rule)
  },
)
