import { afterAll, expect, test } from 'vitest'
import { audit, readTable } from './audit.ts'
import { startCatalogue } from './catalogue.ts'
import { testFault } from './chaos.ts'
import { computeCost } from './cost.ts'
import { faults } from './faults.ts'
import { findBrokenPromises } from './promises.ts'

/** Shorter than in `npm run chaos`. Only promises are checked here, not costs. */
const durations = {
  ...{ fill: 1_000, before: 3_500, during: 3_000 },
  ...{ after: 1_000, quiet: 1_000, longest: 20_000 },
}

const catalogue = await startCatalogue()
afterAll(() => catalogue.stop())

for (const [n, fault] of faults.entries()) {
  test(`${fault.name}: the catalogue keeps every promise`, async () => {
    const before = await readTable(catalogue.db, catalogue.table)
    const history = await testFault(catalogue, fault, `run${n}`, durations)
    const after = await readTable(catalogue.db, catalogue.table)
    const cost = computeCost(history, audit(history.writes, before, after))
    const report = JSON.stringify(cost)
    expect(findBrokenPromises(fault, cost), report).toEqual([])
    expect(cost.reads, report).toBeGreaterThan(20)
    // The catalogue recovered before the longest duration had passed.
    expect(cost.cleanAfter, report).toBeLessThan(durations.longest / 1000 - durations.quiet / 1000)
  })
}

test('the cache answers for every cached entry while DynamoDB is away, even if writers retry', async () => {
  const fault = faults.find(({ name }) => name === 'DynamoDB is killed, writers continue')
  if (!fault) throw new Error('No fault has this name')
  const { reads, faultStart, faultEnd } = await testFault(catalogue, fault, 'cached', durations)
  const failed = reads.filter(({ start, failure }) => failure && start >= faultStart && start < faultEnd)
  const isCold = ({ entries }: { entries: string[] }) => entries.some((entry) => entry.includes('cold'))
  const beforeFault = reads.filter(({ start }) => start < faultStart).slice(-50)
  expect(
    failed.filter((read) => !isCold(read)),
    JSON.stringify(beforeFault),
  ).toEqual([])
  expect(failed.length).toBeGreaterThan(0)
})
