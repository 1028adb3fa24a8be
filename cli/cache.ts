import { parseArgs } from 'node:util'
import { actions, type Operation, warmingOf } from '../lib/operations/operation.ts'
import { isWell, show } from '../lib/operations/show.ts'
import { SetupError } from '../lib/project/setupError.ts'

const help = `Usage: npm run cache -- COMMAND [ID...] [options]

Looks into the cache, and mends it.

Commands:
  inspect ID...      what the cache has of these products: product, page and reviews; their state, version, age and time
                     to live, beside the version in the database; changes nothing
  invalidate ID...   removes every entry of these products; the next read loads them
  warm [ID...]       fills these products and their pages where they are not fresh; without ids the most read products
  audit [ID...]      compares these products' entries with the database, or 200 entries from anywhere, and removes those
                     that are wrong

States:
  fresh              answers reads                     absent      answers that there is no such product
  stale              is loaded before it answers       refreshing  stale, and being loaded
  loading            nothing yet, and being loaded     nothing     not in the cache
  unreadable         of another release, or no entry

Options:
  --stage NAME       of a deployed stage, by its function aisle-NAME-operate, with the usual credentials of AWS and
                     AWS_REGION, instead of the local servers
  --top N            warm: so many of the most read products, up to 1000  [default: 500, with ids none]
  --json             print what was found as JSON, times in ms
  --help             print this

Environment:
  REDIS_URL          the local cache  [default: redis://127.0.0.1:6379, where npm start has it]
  DYNAMODB_ENDPOINT  the local database  [default: http://127.0.0.1:8000, where npm start has it]
  TABLE_NAME         the local table  [default: aisle-local]

Exit code: 0 all is done and well; 1 a product is not there, an entry was wrong, something could not be done, or bad usage.
`

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: {
      stage: { type: 'string' },
      top: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
    allowPositionals: true,
  })
  if (values.help || positionals.length === 0) {
    process.stdout.write(help)
    return values.help ? 0 : 1
  }
  const { stage } = values
  const operation = operationOf(positionals, values.top)
  if (stage !== undefined && !/^[A-Za-z0-9-]{1,50}$/.test(stage))
    throw new SetupError(`--stage ${stage} is no name of a stage: letters, digits and -`)
  const outcome = stage
    ? await (await import('../lib/deploy/operateOn.ts')).operateOn(stage, operation)
    : await (await import('../lib/local/operateHere.ts')).operateHere(operation, process.env)
  process.stdout.write(values.json ? `${JSON.stringify(outcome, null, 2)}\n` : show(outcome))
  return isWell(outcome) ? 0 : 1
}

/** Checked here already, so that a slip costs no invocation. */
function operationOf([command, ...ids]: string[], top: string | undefined): Operation {
  const action = actions.find((each) => each === command)
  if (!action)
    throw new SetupError(`There is no command ${command}: it is one of ${actions.join(', ')}; see --help`)
  if (ids.length === 0 && (action === 'inspect' || action === 'invalidate'))
    throw new SetupError(`Name the products to ${action}: npm run cache -- ${action} ID...`)
  if (top !== undefined && action !== 'warm') throw new SetupError('--top is for warm only')
  try {
    return { action, ...warmingOf({ ids, ...(top !== undefined && { top: Number(top) }) }) }
  } catch (error) {
    throw error instanceof TypeError ? new SetupError(error.message) : error
  }
}

try {
  process.exitCode = await main()
} catch (error) {
  // What Redis or the database says is told as it is: it went away since it was found to answer.
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
  process.exitCode = 1
}
