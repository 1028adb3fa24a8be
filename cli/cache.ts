import { parseArgs } from 'node:util'
import { checkStageName } from '../lib/deploy/checkStageName.ts'
import { formatResult, isSuccess } from '../lib/operations/formatResult.ts'
import {
  actions,
  joinWithOr,
  needsIds,
  type Operation,
  parseWarmOptions,
} from '../lib/operations/operation.ts'
import { runMain } from '../lib/project/runMain.ts'
import { SetupError } from '../lib/project/setupError.ts'

const help = `Usage: npm run cache -- COMMAND [ID...] [options]

Shows and corrects what the cache holds.

Commands:
  inspect ID...      show the entries of these products (product, page and reviews) with their state, version, age and
                     time to live, and the version in the database; changes nothing
  invalidate ID...   remove all entries of these products, also if the database cannot be asked; the next read loads
                     them again
  warm [ID...]       fill the entries of these products and of their pages that are not fresh; without ids, those of the
                     most-read products
  audit [ID...]      compare the entries of these products with the database, or a sample of 200 entries, and remove
                     the entries that are wrong

States:
  fresh              answers reads                     absent      answers reads: the product does not exist
  stale              past its ttl, loaded when read    refreshing  stale, and being loaded
  loading            no entry yet, being loaded        nothing     not in the cache
  failed             the last load has just failed     unreadable  of another release, or not an entry

Options:
  --stage NAME       use the cache of a deployed stage, through its function aisle-NAME-operate, with the AWS credentials
                     that the AWS command line uses, instead of the local cache
  --region REGION    the region of the stage  [default: AWS_REGION, else AWS_DEFAULT_REGION, else that of the profile,
                     else eu-central-1]
  --top N            warm: how many of the most-read products, up to 1000  [default: 500; 0 with ids]
  --json             print the result as JSON, with times in ms
  --help             print this help

Environment:
  REDIS_URL          the local cache  [default: redis://127.0.0.1:6379, as npm start runs it]
  DYNAMODB_ENDPOINT  the local database  [default: http://127.0.0.1:8000, as npm start runs it]
  TABLE_NAME         the local table  [default: aisle-local]

Exit code: 0 all done, nothing wrong, and every named product is in the database or was deleted from it; 1 a product is
unknown to the database, cannot be read or was not checked, an entry was wrong, something failed or was not reached, or
wrong usage.
`

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: {
      stage: { type: 'string' },
      region: { type: 'string' },
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
  const { stage, region } = values
  const operation = toOperation(positionals, values.top)
  if (stage !== undefined) checkStageName(stage, 'leave out --stage')
  else if (region !== undefined) throw new SetupError('--region works with --stage only')
  const { result, options } = stage
    ? await operateOnStage(stage, region, operation)
    : await operateHere(operation)
  const text = values.json
    ? `${JSON.stringify(result, null, 2)}\n`
    : formatResult(result, { ids: operation.ids ?? [], options })
  process.stdout.write(text)
  return isSuccess(result) ? 0 : 1
}

async function operateHere(operation: Operation) {
  const { operateLocally } = await import('../lib/local/operateLocally.ts')
  return { result: await operateLocally(operation, process.env), options: '' }
}

/** Loads the AWS SDK only for a stage. Also returns the options that lead another command to the same stage. */
async function operateOnStage(stage: string, regionOption: string | undefined, operation: Operation) {
  const { findStageRegion } = await import('../lib/deploy/region.ts')
  const deployed = await import('../lib/deploy/operateOnStage.ts')
  const region = await findStageRegion(regionOption)
  const result = await deployed.operateOnStage(stage, region, operation)
  return { result, options: `--stage ${stage} --region ${region}` }
}

/** Checks the arguments here as well as in the function, so that a mistake does not cost an invocation. */
function toOperation([command, ...ids]: string[], top: string | undefined): Operation {
  const action = actions.find((each) => each === command)
  if (!action)
    throw new SetupError(`There is no command ${command}: use ${joinWithOr(actions)}, or see --help`)
  if (ids.length === 0 && needsIds(action))
    throw new SetupError(`Name the products to ${action}: write their ids after ${action}`)
  if (top !== undefined && action !== 'warm') throw new SetupError('--top works with warm only')
  if (Number(top) === 0 && ids.length === 0)
    throw new SetupError('--top 0 without products fills nothing: name the products, or use --top 1 or more')
  try {
    return { action, ...parseWarmOptions({ ids, ...(top !== undefined && { top: Number(top) }) }) }
  } catch (error) {
    throw error instanceof TypeError ? new SetupError(error.message) : error
  }
}

// Redis and the database were found to answer. If one fails later, the user sees its own message.
await runMain(main, () => true)
