import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { connectDynamoDB } from '../../lib/clients/dynamodb/index.ts'
import { createTables } from '../../lib/local/servers/createTables.ts'
import { startDynamoDB } from '../../lib/local/servers/dynamodbServer.ts'
import { runMain } from '../../lib/project/runMain.ts'
import { SetupError } from '../../lib/project/setupError.ts'
import { checkAll } from './check.ts'
import { promises } from './options.ts'
import { describeViolations, summarize } from './report.ts'
import { runTorture } from './torture.ts'

const help = `Usage: npm run torture -- [options]

Tests lib/cacheAside under faults. Eight processes read and write a few ids, one by one and in lists, with and without a
time budget. Redis is half a millisecond away, and is killed, paused, flushed and disconnected meanwhile. The database
is a DynamoDB Local, and some of its loads are slow or fail. Now and then a process is killed.
Then a checker examines every recorded operation. test/torture/check.ts lists its rules.

Options:
  --seconds N    how long the run takes, 1 to 86400  [default: 120]
  --seed TEXT    repeats the requests and faults of an earlier run, not their exact timing  [default: random]
  --help         print this

Ctrl-C ends the run early and checks what was recorded.
Exit code: 0 if the cache kept every promise; 1 if it broke one, or if an option is wrong.
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
    throw new SetupError(`--seconds must be a number from 1 to 86400, not ${values.seconds}`)
  }
  const { seed } = values
  process.stdout.write(`Running the torture test for ${seconds} s with --seed ${seed}\n`)
  const stop = new AbortController()
  process.on('SIGINT', () => {
    if (stop.signal.aborted) process.exit(130)
    process.stdout.write('Ending early and checking. Press Ctrl-C again to quit at once.\n')
    stop.abort()
  })
  const dynamodb = await startDynamoDB({ detached: true })
  try {
    const db = connectDynamoDB(dynamodb.url)
    const [table] = await createTables(db, 'torture')
    db.destroy()
    if (!table) throw new SetupError('serverless.yml defines no table')
    let printed = 0
    const result = await runTorture({
      dynamodbEndpoint: dynamodb.url,
      table: table.name,
      seconds,
      seed,
      signal: stop.signal,
      onProgress(progress) {
        if (progress.seconds < printed + 5) return
        printed = progress.seconds
        const { operations, faults } = progress
        process.stdout.write(`After ${Math.round(printed)} s: ${operations} operations, ${faults} faults\n`)
      },
    })
    process.stdout.write('Checking every operation\n')
    const violations = checkAll(result.history, promises, result.circumstances)
    process.stdout.write(`\n${summarize(result, violations)}`)
    if (violations.length === 0) return 0
    process.stdout.write(`\n${describeViolations(violations, result, promises)}\n`)
    process.stdout.write(`To repeat: npm run torture -- --seconds ${seconds} --seed ${seed}\n`)
    return 1
  } finally {
    await dynamodb.stop('SIGKILL')
  }
}

await runMain(main)
