import { randomInt } from 'node:crypto'
import { expect, test } from 'vitest'
import { freshTables } from './support/dynamodb.ts'
import { check } from './torture/check.ts'
import { promises } from './torture/options.ts'
import { counted, details, summary } from './torture/report.ts'
import { sabotages } from './torture/sabotage.ts'
import { type Torture, torture } from './torture/torture.ts'

/** Eight processes take their time to start where the machine is busy. */
const timeout = 90_000
const seed = String(randomInt(2 ** 32))

async function tortureAndCheck(how: Pick<Torture, 'seconds' | 'processes' | 'sabotage'>) {
  const { endpoint, table } = await freshTables()
  const tortured = await torture({ dynamodbEndpoint: endpoint, table, seed, ...how })
  const violations = check(tortured.history, promises)
  const report = `seed ${seed}\n${summary(tortured, violations)}\n${details(violations, tortured.history, promises)}`
  return { violations, report, counts: counted(tortured) }
}

test('eight processes, with Redis killed, stopped and flushed meanwhile: no read breaks a promise', {
  timeout,
}, async () => {
  const { violations, report, counts } = await tortureAndCheck({ seconds: 12 })
  console.log(report)
  expect(violations.length, report).toBe(0)
  // It was no walk in the park.
  expect(Object.keys(counts.faults).length, report).toBeGreaterThanOrEqual(4)
  const { hit, stored, bypass, fallback, cache, database } = counts.reads
  for (const some of [
    hit,
    stored,
    bypass,
    fallback,
    cache,
    database,
    counts.removals.deferred,
    counts.removals.done,
  ]) {
    expect(some, report).toBeGreaterThan(10)
  }
})

// A short run does not always come to what is broken: the next one begins with another seed.
test.each(sabotages)('a cache that is broken on purpose is found out: %s', { timeout }, async (sabotage) => {
  const reports: string[] = []
  for (let run = 1; run <= 5; run++) {
    const { violations, report } = await tortureAndCheck({ seconds: 2, processes: 3, sabotage })
    const rules = violations.map(({ rule }) => rule)
    if (rules.includes(sabotage === 'old loads' ? 'database' : 'G1')) return
    reports.push(report)
  }
  expect.unreachable(reports.join('\n'))
})
