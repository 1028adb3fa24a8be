import { join } from 'node:path'
import { SetupError } from '../../project/setupError.ts'
import { checkDynamoDB, checkRedis, redactPassword } from './checkServers.ts'
import { type ComposeService, composeUp } from './compose.ts'
import { claimDirectory, makeDirectory } from './dataDirectory.ts'
import { requireJava, startDynamoDB } from './dynamodbServer.ts'
import { installRedis } from './installRedis.ts'
import { freePort, readPort } from './ports.ts'
import { findBinary, findRedisBinary } from './redisServer.ts'
import { startRestartingRedis } from './restartingRedis.ts'
import type { RunningService } from './server.ts'

/** A backing service that can be used: its future address, and how to start it. */
export interface Service {
  url: string
  /** For a person to read, for example `redis-server on PATH, redis://127.0.0.1:6379`. */
  description: string
  /** Resolves when the service answers. Without a `stop` in the result, the service belongs to another program. */
  start(): Promise<RunningService>
}

export interface FindOptions {
  env: NodeJS.ProcessEnv
  /** The directory for the data of a DynamoDB Local that starts here. */
  dataDirectory: string
  /** Receives a line for each slow step, and for each way that does not work. */
  print: (line: string) => void
  /** Cancels the search and ends every server that is starting. */
  signal: AbortSignal
}

/**
 * Finds the backing services. For each service it takes the first of these ways that works: the address in the
 * environment, Docker, a server on this machine, and for Redis its package.
 *
 * @throws {SetupError} that lists the ways to get one
 */
export async function findServices(options: FindOptions): Promise<{ redis: Service; dynamodb: Service }> {
  const { env, print, signal } = options
  const redisUrl = env.REDIS_URL
  const endpoint = env.DYNAMODB_ENDPOINT
  // Before any server starts.
  if (redisUrl) await checkRedis(redisUrl)
  if (endpoint) await checkDynamoDB(endpoint)

  const wanted: ComposeService[] = [
    ...(redisUrl ? [] : ['valkey' as const]),
    ...(endpoint ? [] : ['dynamodb' as const]),
  ]
  const composed = wanted.length > 0 ? await composeUp(wanted, { env, print, signal }) : undefined
  // One stop for both services: compose takes as long for two as for one.
  const inDocker = (url: string): Service => ({
    url,
    description: `in Docker, ${url}`,
    start: async () => ({ stop: () => composed?.stop() ?? Promise.resolve() }),
  })
  try {
    // Checks only that Java exists. Printing its version takes half as long as a start, so that waits for a failure.
    if (!endpoint && !composed && !findBinary('java', env.PATH)) await requireJava()
    return {
      redis: redisUrl
        ? fromEnvironment('REDIS_URL', redisUrl)
        : composed
          ? inDocker(`redis://127.0.0.1:${composed.ports.valkey}`)
          : await findLocalRedis(options),
      dynamodb: endpoint
        ? fromEnvironment('DYNAMODB_ENDPOINT', endpoint)
        : composed
          ? inDocker(`http://127.0.0.1:${composed.ports.dynamodb}`)
          : await findLocalDynamoDB(options),
    }
  } catch (error) {
    await composed?.stop()
    throw error
  }
}

const fromEnvironment = (variable: string, url: string): Service => ({
  url,
  description: `set by ${variable}, ${redactPassword(url)}`,
  start: async () => ({}),
})

async function findLocalRedis({ env, dataDirectory, print, signal }: FindOptions): Promise<Service> {
  const binary = findRedisBinary(env.PATH) ?? (await installRedis({ env, print, signal }))
  signal.throwIfAborted()
  if (!binary) throw new SetupError(noRedis)
  const port = await findPort(readPort('AISLE_REDIS_PORT', env, 6379), print)
  const url = `redis://127.0.0.1:${port}`
  return {
    url,
    description: `${binary}, ${url}`,
    start: () => startRestartingRedis({ binary, port, dataDirectory, print, signal, detached: true }),
  }
}

async function findLocalDynamoDB({ env, dataDirectory, print, signal }: FindOptions): Promise<Service> {
  const directory = join(dataDirectory, 'dynamodb')
  makeDirectory(directory)
  // Before any server starts, so that a second `npm start` touches nothing that the first one uses.
  const claim = await claimDirectory(directory)
  claim.release()
  const port = await findPort(readPort('AISLE_DYNAMODB_PORT', env, 8000), print)
  const url = `http://127.0.0.1:${port}`
  return {
    url,
    description: `DynamoDB Local, ${url}`,
    start: () => startDynamoDB({ directory, port, signal, detached: true }),
  }
}

async function findPort(wanted: number, print: (line: string) => void): Promise<number> {
  const port = await freePort(wanted)
  if (port !== wanted) print(`Port ${wanted} is in use by another program. Using port ${port} instead`)
  return port
}

const noRedis = `No Redis or Valkey found. Do one of the following, then run npm start again:
  Linux    apt-get install redis-server   (Debian, Ubuntu)
           dnf install valkey             (Fedora, RHEL)
  macOS    brew install valkey
  Windows  Docker Desktop, or WSL and the line for Linux
  anywhere start a Docker engine, or use another Redis: REDIS_URL=redis://host:6379 npm start`
