import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { asCommand } from '../../lib/project/asCommand.ts'
import { SetupError } from '../../lib/project/setupError.ts'
import { audit, readAll } from './audit.ts'
import { startCatalogue } from './catalogue.ts'
import { tryFault, usualTimes } from './chaos.ts'
import { type Fault, faults } from './faults.ts'
import { broken, comparison, judge, type Verdict } from './judge.ts'
import { legend, tableOf } from './table.ts'

const help = `Usage: npm run chaos -- [options]

Tries one fault after another on the catalogue as it is deployed, over HTTP: two processes that read, one that writes and
one that follows the stream, a Redis half a millisecond away and a DynamoDB Local. 25 reads, 5 puts and 1.5 writes with an
idempotency key begin in each second, 5 s before, 8 s during and 5 s after each fault, and longer where it is not over by
then, 30 s at most. Writers try again what was refused. About five minutes for all.

Options:
  --only TEXT    only the faults whose name holds this; may be given several times
  --write FILE   writes the table there as well, as Markdown
  --help         print this

Faults:
${faults.map(({ name }) => `  ${name}`).join('\n')}

${legend}

Ctrl-C ends it.
Exit code: 0 no promise was broken; 1 one was, or bad usage.
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
      throw new SetupError(`No fault's name holds "${wanted}"; npm run chaos -- --help lists them`)
  }
  const chosen = faults.filter(({ name }) => values.only.some((wanted) => name.includes(wanted)))
  // By way of `exit`, where the servers that run are ended.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))
  const verdicts = await tryAll(chosen)
  const wrong = [...verdicts]
    .flatMap(([fault, verdict]) => broken(fault, verdict))
    .concat(comparison(verdicts))
  const table = tableOf(verdicts)
  process.stdout.write(`\n${table}\n\n${legend}\n\n`)
  process.stdout.write(wrong.length === 0 ? 'No promise was broken.\n' : `BROKEN:\n  ${wrong.join('\n  ')}\n`)
  if (values.write !== undefined) writeFileSync(values.write, documentOf(table))
  return wrong.length === 0 ? 0 : 1
}

async function tryAll(chosen: Fault[]): Promise<Map<Fault, Verdict>> {
  const verdicts = new Map<Fault, Verdict>()
  process.stdout.write('Starting the catalogue\n')
  const catalogue = await startCatalogue()
  try {
    for (const [n, fault] of chosen.entries()) {
      process.stdout.write(`${n + 1} of ${chosen.length}: ${fault.name}\n`)
      const before = await readAll(catalogue.db, catalogue.table)
      const history = await tryFault(catalogue, fault, `run${n}`, usualTimes)
      const after = await readAll(catalogue.db, catalogue.table)
      verdicts.set(fault, judge(history, audit(history.writes, before, after)))
    }
  } finally {
    await catalogue.stop()
  }
  return verdicts
}

const documentOf = (table: string) => `# What each fault costs

Written by \`npm run chaos -- --write docs/chaos.md\`.

${table}

${legend}
`

await asCommand(main)
