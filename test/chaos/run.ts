import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { runMain } from '../../lib/project/runMain.ts'
import { SetupError } from '../../lib/project/setupError.ts'
import { audit, readTable } from './audit.ts'
import { startCatalogue } from './catalogue.ts'
import { testFault, usualDurations } from './chaos.ts'
import { type Cost, computeCost } from './cost.ts'
import { type Fault, faults } from './faults.ts'
import { findBrokenPromises, findHarmByWriters } from './promises.ts'
import { description, legend, toDocument, toTable } from './table.ts'

const help = `Usage: npm run chaos -- [options]

${description}
All faults take about five minutes.

Options:
  --only TEXT    test only the faults whose name contains this; may be repeated
  --write FILE   also write the table to this file, as Markdown
  --help         print this

Faults:
${faults.map(({ name }) => `  ${name}`).join('\n')}

Columns of the table:
${legend}

Ctrl-C ends the run.
Exit code: 0 if the catalogue kept every promise; 1 if it broke one, or if an option is wrong.
`

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', multiple: true, default: [''] },
      write: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(help)
    return 0
  }
  for (const wanted of values.only) {
    if (!faults.some(({ name }) => name.includes(wanted)))
      throw new SetupError(
        `--only ${wanted}: no fault has this in its name. npm run chaos -- --help lists them.`,
      )
  }
  const chosen = faults.filter(({ name }) => values.only.some((wanted) => name.includes(wanted)))
  // The `exit` event stops the servers that this process started.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))
  const costs = await testFaults(chosen)
  const broken = [
    ...[...costs].flatMap(([fault, cost]) => findBrokenPromises(fault, cost)),
    ...findHarmByWriters(costs),
  ]
  const table = toTable(costs)
  process.stdout.write(`\n${table}\n\n${legend}\n\n`)
  process.stdout.write(
    broken.length === 0
      ? 'The catalogue kept every promise.\n'
      : `The catalogue broke a promise:\n  ${broken.join('\n  ')}\n`,
  )
  if (values.write !== undefined) writeFileSync(values.write, toDocument(table))
  return broken.length === 0 ? 0 : 1
}

async function testFaults(chosen: Fault[]): Promise<Map<Fault, Cost>> {
  const costs = new Map<Fault, Cost>()
  process.stdout.write('Starting the catalogue\n')
  const catalogue = await startCatalogue()
  try {
    for (const [n, fault] of chosen.entries()) {
      process.stdout.write(`${n + 1} of ${chosen.length}: ${fault.name}\n`)
      const before = await readTable(catalogue.db, catalogue.table)
      const history = await testFault(catalogue, fault, `run${n}`, usualDurations)
      const after = await readTable(catalogue.db, catalogue.table)
      costs.set(fault, computeCost(history, audit(history.writes, before, after)))
    }
  } finally {
    await catalogue.stop()
  }
  return costs
}

await runMain(main)
