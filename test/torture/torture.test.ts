import { randomInt } from 'node:crypto'
import { expect, test } from 'vitest'
import { freshTables } from '../support/dynamodb.ts'
import { checkAll } from './check.ts'
import { promises } from './options.ts'
import { counted, details, summary } from './report.ts'
import { type Sabotage, sabotages } from './sabotage.ts'
import { type Torture, type Tortured, torture } from './torture.ts'

/** Eight processes take their time to start where the machine is busy. */
const timeout = 120_000
const seed = String(randomInt(2 ** 32))

async function tortureAndCheck(
  how: Pick<Torture, 'seconds' | 'processes' | 'sabotage' | 'readsOnly' | 'faults' | 'isEnough'>,
) {
  const { endpoint, table } = await freshTables()
  const tortured = await torture({ dynamodbEndpoint: endpoint, table, seed, ...how })
  const violations = checkAll(tortured.history, promises, tortured.circumstances)
  const report = `seed ${seed}\n${summary(tortured, violations)}\n${details(violations, tortured, promises)}`
  return { violations, report, counts: counted(tortured) }
}

test('eight processes, with Redis killed, stopped and flushed meanwhile: no promise is broken', {
  timeout,
}, async () => {
  const { violations, report, counts } = await tortureAndCheck({ seconds: 20 })
  console.log(report)
  expect(violations.length, report).toBe(0)
  // It was no walk in the park.
  expect(Object.keys(counts.faults).length, report).toBeGreaterThanOrEqual(4)
  const { hit, stored, bypass, fallback, cache, database } = counts.reads
  for (const some of [
    ...[hit, stored, bypass, fallback, cache, database],
    ...[counts.removals.deferred, counts.removals.done, counts.loads.failed],
  ]) {
    expect(some, report).toBeGreaterThan(10)
  }
})

test.each(Object.keys(sabotages) as Sabotage[])(
  'a cache that is broken on purpose is found out: %s',
  {
    timeout,
  },
  async (sabotage) => {
    const { rule, readsOnly = false }: { rule: string; readsOnly?: boolean } = sabotages[sabotage]
    const isFound = ({ history, circumstances }: Tortured) =>
      checkAll(history, promises, circumstances).some((each) => each.rule === rule)
    // Nothing befalls Redis: what is planted is all there is to be found. What has to happen for that comes soon, or late
    // where the machine is busy.
    const how = { seconds: 60, processes: 3, faults: [], sabotage, readsOnly, isEnough: isFound }
    const { violations, report } = await tortureAndCheck(how)
    expect(
      violations.map((each) => each.rule),
      report,
    ).toContain(rule)
  },
)
