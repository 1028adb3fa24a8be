import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { connectDynamoDB } from '../../lib/clients/dynamodb/index.ts'
import { startDynamoDB } from '../../lib/local/servers/dynamodbServer.ts'
import { createTables } from '../../lib/local/servers/tables.ts'
import { asCommand } from '../../lib/project/asCommand.ts'
import { SetupError } from '../../lib/project/setupError.ts'
import { checkAll } from './check.ts'
import { promises } from './options.ts'
import { details, summary } from './report.ts'
import { torture } from './torture.ts'

const help = `Usage: npm run torture -- [options]

Has eight processes read and write a few ids through lib/cacheAside for a while, singly and in lists, with and without
a budget, on a Redis half a millisecond away that is killed, stopped, flushed and cut off meanwhile, and on a DynamoDB
Local whose loads are sometimes slow and sometimes fail; now and then a process is killed too.
Then a checker looks for a promise that was broken: test/torture/check.ts says which.

Options:
  --seconds N    how long, 1 to 86400  [default: 120]
  --seed TEXT    repeats what is asked and what befalls Redis, not how the machine orders it  [default: a random one]
  --help         print this

Ctrl-C ends it early and checks what there is.
Exit code: 0 no promise was broken; 1 one was, or bad usage.
`

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '120' },
      seed: { type: 'string', default: String(randomInt(2 ** 32)) },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(help)
    return 0
  }
  const seconds = Number(values.seconds)
  if (!(seconds >= 1 && seconds <= 86_400)) {
    throw new SetupError(`--seconds ${values.seconds} must be a number from 1 to 86400`)
  }
  const { seed } = values
  process.stdout.write(`Torturing for ${seconds} s with --seed ${seed}\n`)
  const stop = new AbortController()
  process.on('SIGINT', () => {
    if (stop.signal.aborted) process.exit(130)
    process.stdout.write('Ending; once more to leave at once\n')
    stop.abort()
  })
  const dynamodb = await startDynamoDB({ detached: true })
  try {
    const db = connectDynamoDB(dynamodb.url)
    const [table] = await createTables(db, 'torture')
    db.destroy()
    if (!table) throw new SetupError('serverless.yml defines no table')
    let said = 0
    const tortured = await torture({
      dynamodbEndpoint: dynamodb.url,
      table: table.name,
      seconds,
      seed,
      signal: stop.signal,
      onProgress(progress) {
        if (progress.seconds < said + 5) return
        said = progress.seconds
        const { operations, faults } = progress
        process.stdout.write(`${Math.round(said)} s: ${operations} operations, ${faults} faults\n`)
      },
    })
    const violations = checkAll(tortured.history, promises, tortured.circumstances)
    process.stdout.write(summary(tortured, violations))
    if (violations.length === 0) return 0
    process.stdout.write(`\n${details(violations, tortured, promises)}\nRepeat with --seed ${seed}\n`)
    return 1
  } finally {
    await dynamodb.stop('SIGKILL')
  }
}

await asCommand(main)
