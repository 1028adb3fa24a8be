import { parseArgs, styleText } from 'node:util'
import { describeUnsupportedNode } from '../lib/local/nodeVersion.ts'
import { localDataDirectory } from '../lib/local/servers/dataDirectory.ts'
import { readPort } from '../lib/local/servers/ports.ts'
import { type Stack, startStack } from '../lib/local/stack.ts'
import { welcome } from '../lib/local/welcome.ts'
import { SetupError } from '../lib/project/setupError.ts'

const help = `Usage: npm start

Runs the catalogue on this machine: finds or starts Redis and DynamoDB, creates the table, fills it with a sample
catalogue if it is empty, and starts API Gateway and Lambda with serverless-offline. Ctrl-C stops what it started.

Environment:
  PORT                 the port of the catalogue  [default: 3000]
  REDIS_URL            a Redis or Valkey to use instead of starting one: redis://, or redis-cluster:// for a cluster;
                       rediss instead of redis for TLS
  DYNAMODB_ENDPOINT    a DynamoDB Local to use instead of starting one
  STOREFRONT_ORIGINS   origins whose pages may read, separated by commas  [default: http://127.0.0.1:PORT and
                       http://localhost:PORT; empty: none]
  AISLE_LOGS           json: print the functions' own log lines  [default: a short line for each request]
  AISLE_HOME           the directory for the data and the token key  [default: .aisle]
  AISLE_REDIS_PORT     the port of the Redis that it starts  [default: 6379]
  AISLE_DYNAMODB_PORT  the port of the DynamoDB Local that it starts  [default: 8000]
  AISLE_NO_INSTALL     1: never install Redis or Java from the system's packages

Without REDIS_URL and DYNAMODB_ENDPOINT it tries, in this order: docker compose, if its engine answers;
valkey-server or redis-server on PATH, and the DynamoDB Local that npm ci installed (needs Java 17 or newer). As root
on Debian or Ubuntu, it installs a missing Redis or Java with apt-get. It does not replace a Java that is too old.
`

const env = process.env
const interrupt = new AbortController()
let stack: Stack | undefined
let interruptedAt = 0

/** Stops the servers and ends the command. A second call, at least a second later, exits at once. */
function stop(): void {
  // One Ctrl-C may arrive twice: from the terminal and through npm.
  if (interruptedAt && performance.now() - interruptedAt > 1000) process.exit(130)
  if (interruptedAt) return
  interruptedAt = performance.now()
  print('Stopping')
  interrupt.abort(new SetupError('Stopped'))
}

const print = (line: string) => console.log(styleText('dim', `  ${line}`))
const onReady = (name: string, description: string, ms: number) =>
  console.log(
    `  ${name.padEnd(10)} ${description.padEnd(56)} ${styleText('dim', `${(ms / 1000).toFixed(1)} s`.padStart(7))}`,
  )

async function run(): Promise<void> {
  if (parseArgs({ options: { help: { type: 'boolean' } } }).values.help) {
    process.stdout.write(help)
    return
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop)
  // Writing to a closed terminal fails, which must not prevent the servers from being stopped.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
  const parent = process.ppid
  // A shell between npm and this process may end without passing on a signal.
  if (env.npm_lifecycle_event) setInterval(() => process.ppid !== parent && stop(), 300).unref()

  const dataDirectory = localDataDirectory(env)
  const onLine = (line: string) => console.log(styleText('dim', line))
  const port = readPort('PORT', env, 3000)
  const unsupportedNode = describeUnsupportedNode(env.npm_config_user_agent)
  if (unsupportedNode) print(unsupportedNode)
  stack = await startStack({ port, dataDirectory, env, print, onReady, onLine, signal: interrupt.signal })
  console.log(`\nReady after ${(performance.now() / 1000).toFixed(1)} s at ${stack.url}\n`)
  console.log(
    `${welcome(stack, dataDirectory, env)}\n\nCtrl-C stops the servers that were started here. The data stays.\n`,
  )

  const interrupted = new Promise<undefined>((resolve) =>
    interrupt.signal.addEventListener('abort', () => resolve(undefined)),
  )
  const failure = await Promise.race([interrupted, stack.failure])
  if (interrupt.signal.aborted) return stack.stop()
  await stack.stop()
  throw new SetupError(`${failure}. The other servers are stopped. Run npm start to start them again`)
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
