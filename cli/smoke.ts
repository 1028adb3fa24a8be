import { parseArgs } from 'node:util'
import { SmokeFailure, smoke } from '../lib/deploy/smoke.ts'
import { SetupError } from '../lib/project/setupError.ts'

const help = `Usage: npm run smoke -- [options] URL

Runs the main story against the catalog at URL: a read misses, the next is a hit, an update is seen at once, or
behind a CDN after its staleness; then the page, a batch, a listing and the problems; and that the shop shows itself.
It uses a product of its own and deletes it again.

Options:
  --token TOKEN       with the scope catalog:write  [default: the variable TOKEN; without one it only reads]
  --patience SECONDS  for how long an answer may still be an old one  [default: 30]
  --help              print this

Exit code: 0 all went well; 1 not all, or bad usage.
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
  const patience = Number(values.patience) * 1000
  if (!(patience >= 0 && patience <= 600_000))
    throw new SetupError(`--patience ${values.patience} must be a number of seconds from 0 to 600`)
  const token = values.token ?? (process.env.TOKEN || undefined)
  let steps = 0
  const done = (step: string, ms: number) => {
    steps++
    console.log(`ok  ${step.padEnd(50)} ${`${Math.round(ms)} ms`.padStart(9)}`)
  }
  await smoke({ url, token, patience, done })
  console.log(`${steps} steps went well${token === undefined ? '; without a token nothing was written' : ''}`)
  return 0
}

try {
  process.exitCode = await main()
} catch (error) {
  const plain =
    error instanceof SmokeFailure ||
    error instanceof SetupError ||
    (error instanceof TypeError && 'code' in error)
  if (!plain) throw error
  process.stderr.write(`${error instanceof SmokeFailure ? 'FAILED  ' : ''}${error.message}\n`)
  process.exitCode = 1
}
