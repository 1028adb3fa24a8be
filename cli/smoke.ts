import { parseArgs } from 'node:util'
import { smoke } from '../lib/deploy/smoke.ts'
import { SmokeFailure } from '../lib/deploy/smokeClient.ts'
import { runMain } from '../lib/project/runMain.ts'
import { SetupError } from '../lib/project/setupError.ts'

const help = `Usage: npm run smoke -- [options] URL

Checks the catalogue at URL step by step: its health, the errors, the categories and the shop. With a token it creates a
product of its own. Then it checks that a read misses, that the next read hits, and that an update is visible at once, or
behind a CDN as soon as the CDN's copy is stale. Then it checks the product page, the reviews, a batch and a category. It
deletes its product at the end.

Options:
  --token TOKEN       a token with the scope catalog:write  [default: the variable TOKEN; without a token it only reads]
  --patience SECONDS  how long the catalogue may still give an old answer  [default: 30]
  --help              print this help

Exit code: 0 all steps passed; 1 a step failed, or wrong usage.
`

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: {
      token: { type: 'string' },
      patience: { type: 'string', default: '30' },
      help: { type: 'boolean', default: false },
    },
    allowPositionals: true,
  })
  const [url, more] = positionals
  if (values.help || url === undefined) {
    process.stdout.write(help)
    return values.help ? 0 : 1
  }
  if (more !== undefined) throw new SetupError('Name one URL at a time')
  if (!/^https?:$/.test(URL.parse(url)?.protocol ?? ''))
    throw new SetupError(`${url} must be a URL such as https://shop.example`)
  const patienceMs = Number(values.patience) * 1000
  if (!(patienceMs >= 0 && patienceMs <= 600_000))
    throw new SetupError(`--patience ${values.patience} must be a number of seconds from 0 to 600`)
  const token = values.token ?? (process.env.TOKEN || undefined)
  let steps = 0
  const onStep = (step: string, ms: number) => {
    steps++
    console.log(`ok  ${step.padEnd(50)} ${`${Math.round(ms)} ms`.padStart(9)}`)
  }
  try {
    await smoke({ url, token, patienceMs, onStep })
  } catch (error) {
    if (!(error instanceof SmokeFailure)) throw error
    process.stderr.write(`FAILED  ${error.message}\n`)
    return 1
  }
  console.log(`${steps} steps passed${token === undefined ? '; nothing was written without a token' : ''}`)
  return 0
}

await runMain(main)
