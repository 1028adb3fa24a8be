import { parseArgs, styleText } from 'node:util'
import { localHome } from '../lib/local/servers/folder.ts'
import { portOf } from '../lib/local/servers/server.ts'
import { type Stack, startStack } from '../lib/local/stack.ts'
import { welcome } from '../lib/local/welcome.ts'
import { SetupError } from '../lib/project/setupError.ts'

const help = `Usage: npm start

Runs the catalog on this machine: finds or starts Redis and DynamoDB, creates the table, fills it with a sample
catalogue when it is empty, and starts API Gateway and Lambda by serverless-offline. Ctrl-C stops what it started.

Environment:
  PORT                 where the catalog answers  [default: 3000]
  REDIS_URL            a Redis or Valkey to use instead of one of its own
  DYNAMODB_ENDPOINT    a DynamoDB Local to use instead of one of its own
  STOREFRONT_ORIGINS   origins whose pages may read, separated by commas  [default: http://127.0.0.1:PORT and
                       http://localhost:PORT; empty: none]
  AISLE_HOME           the folder for the data and the token key  [default: .aisle]
  AISLE_REDIS_PORT     the port of its own Redis  [default: 6379]
  AISLE_DYNAMODB_PORT  the port of its own DynamoDB Local  [default: 8000]
  AISLE_NO_INSTALL     1: never install Redis from the system's packages

Without those two endpoints it takes, in this order: docker compose, where an engine answers; valkey-server or
redis-server on PATH, and the DynamoDB Local that npm ci brought (Java 17 or newer); for Redis, as root on Debian
or Ubuntu, apt-get install.
`

const env = process.env
const interrupt = new AbortController()
let stack: Stack | undefined
let interruptedAt = 0

/** Ends the command: the first time in good order; again after a second, at once. */
function stop(): void {
  // One Ctrl-C may arrive twice, from the terminal and through npm.
  if (interruptedAt && performance.now() - interruptedAt > 1000) process.exit(130)
  if (interruptedAt) return
  interruptedAt = performance.now()
  say('Stopping')
  interrupt.abort(new SetupError('Stopped'))
}

const say = (line: string) => console.log(styleText('dim', `  ${line}`))
const done = (name: string, what: string, ms: number) =>
  console.log(
    `  ${name.padEnd(10)} ${what.padEnd(56)} ${styleText('dim', `${(ms / 1000).toFixed(1)} s`.padStart(7))}`,
  )

async function run(): Promise<void> {
  if (parseArgs({ options: { help: { type: 'boolean' } } }).values.help) {
    process.stdout.write(help)
    return
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop)
  // A terminal that is gone cannot be written to, and that must not keep the servers from being stopped.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
  const parent = process.ppid
  // A shell between npm and this process may end without a word.
  if (env.npm_lifecycle_event) setInterval(() => process.ppid !== parent && stop(), 300).unref()

  const home = localHome(env)
  const onLine = (line: string) => console.log(styleText('dim', line))
  const port = portOf('PORT', env, 3000)
  stack = await startStack({ port, home, env, say, done, onLine, signal: interrupt.signal })
  console.log(`\nReady after ${(performance.now() / 1000).toFixed(1)} s at ${stack.url}\n`)
  console.log(`${welcome(stack, home, env)}\n\nCtrl-C stops what was started here. The data stay.\n`)

  const interrupted = new Promise<undefined>((resolve) =>
    interrupt.signal.addEventListener('abort', () => resolve(undefined)),
  )
  const broken = await Promise.race([interrupted, stack.broken])
  if (interrupt.signal.aborted) return stack.stop()
  await stack.stop()
  throw new SetupError(`${broken}; the others are stopped. To start again: npm start`)
}

try {
  await run()
  process.exit(0)
} catch (error) {
  if (interruptedAt) process.exit(0)
  const plain = error instanceof SetupError || (error instanceof TypeError && 'code' in error)
  console.error(plain ? error.message : error)
  process.exit(1)
}
