import { afterAll, expect, test } from 'vitest'
import { audit, readAll } from './audit.ts'
import { startCatalogue } from './catalogue.ts'
import { tryFault } from './chaos.ts'
import { faults } from './faults.ts'
import { broken, judge } from './judge.ts'

/** Each fault of `npm run chaos`, shorter. How much it costs is not judged here, but for what is promised. */
const times = {
  ...{ fill: 1_000, before: 3_500, during: 3_000 },
  ...{ after: 1_000, quiet: 1_000, longest: 20_000 },
}

const catalogue = await startCatalogue()
afterAll(() => catalogue.stop())

for (const [n, fault] of faults.entries()) {
  test(`${fault.name}: no promise is broken`, async () => {
    const before = await readAll(catalogue.db, catalogue.table)
    const history = await tryFault(catalogue, fault, `run${n}`, times)
    const verdict = judge(
      history,
      audit(history.writes, before, await readAll(catalogue.db, catalogue.table)),
    )
    const report = JSON.stringify(verdict)
    expect(broken(fault, verdict), report).toEqual([])
    expect(verdict.reads, report).toBeGreaterThan(20)
    // It came to an end.
    expect(verdict.cleanAfter, report).toBeLessThan(times.longest / 1000 - times.quiet / 1000)
  })
}

test('what is cached is served while DynamoDB is away, though writers try again and again', async () => {
  const fault = faults.find(({ name }) => name === 'DynamoDB is killed, writers go on')
  if (!fault) throw new Error('There is no such fault')
  const { reads, struck, over } = await tryFault(catalogue, fault, 'cached', times)
  const failed = reads.filter(({ start, failure }) => failure && start >= struck && start < over)
  expect(failed.flatMap(({ entries }) => entries).filter((entry) => !entry.includes('cold'))).toEqual([])
  expect(failed.length).toBeGreaterThan(0)
})
