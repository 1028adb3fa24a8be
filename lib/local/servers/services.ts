import { join } from 'node:path'
import { checkDynamoDB, checkRedis, redactPassword } from './checkServers.ts'
import { type ComposeService, composeUp } from './compose.ts'
import { makeDirectory } from './dataDirectory.ts'
import { claimDirectory } from './directoryClaim.ts'
import { startDynamoDB } from './dynamodbServer.ts'
import { reportLeftContainers } from './leftContainers.ts'
import { freePort, readPort } from './ports.ts'
import { findOrInstallJava, findOrInstallRedis } from './programs.ts'
import { type ServerNotice, startRestartingRedis } from './restartingRedis.ts'
import type { RunRecord } from './runRecord.ts'
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
  /** Receives a line when a Redis that starts here is lost and when it is back. @default both are printed */
  redisNotice?: ServerNotice
  /** Cancels the search and ends every server that is starting. */
  signal: AbortSignal
  /** Receives what starts here, so that a later run can stop it if this one is killed. */
  record?: RunRecord
}

/**
 * Finds the backing services. For each service it takes the first of these ways that works: the address in the
 * environment, Docker, and a server on this machine. Redis and Java are installed if they are missing and may be.
 *
 * @throws {SetupError} that lists the ways to get one
 */
export async function findServices(options: FindOptions): Promise<{ redis: Service; dynamodb: Service }> {
  const { env, print, signal, record } = options
  const redisUrl = env.REDIS_URL
  const endpoint = env.DYNAMODB_ENDPOINT
  if (record) await reportLeftContainers(record, { env, print, signal })
  // Before any server starts.
  if (redisUrl) await checkRedis(redisUrl)
  if (endpoint) await checkDynamoDB(endpoint)

  const wanted: ComposeService[] = [
    ...(redisUrl ? [] : ['valkey' as const]),
    ...(endpoint ? [] : ['dynamodb' as const]),
  ]
  const composed = wanted.length > 0 ? await composeUp(wanted, { env, print, signal, record }) : undefined
  // One stop for both services: compose takes as long for two as for one.
  const inDocker = (url: string): Service => ({
    url,
    description: `in Docker, ${url}`,
    start: async () => ({ stop: () => composed?.stop() ?? Promise.resolve() }),
  })
  try {
    if (!endpoint && !composed) await findOrInstallJava(options)
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

async function findLocalRedis({
  env,
  dataDirectory,
  print,
  redisNotice = { lost: print, returned: print },
  signal,
  record,
}: FindOptions): Promise<Service> {
  const binary = await findOrInstallRedis({ env, print, signal })
  const port = await findPort(readPort('AISLE_REDIS_PORT', env, 6379), print)
  const url = `redis://127.0.0.1:${port}`
  return {
    url,
    description: `${binary}, ${url}`,
    start: () =>
      startRestartingRedis({
        binary,
        port,
        dataDirectory,
        notice: redisNotice,
        signal,
        detached: true,
        ...onSpawn(record),
      }),
  }
}

async function findLocalDynamoDB({
  env,
  dataDirectory,
  print,
  signal,
  record,
}: FindOptions): Promise<Service> {
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
    start: () => startDynamoDB({ directory, port, signal, detached: true, ...onSpawn(record) }),
  }
}

const onSpawn = (record: RunRecord | undefined) => (record ? { onSpawn: record.addServer } : {})

async function findPort(wanted: number, print: (line: string) => void): Promise<number> {
  const port = await freePort(wanted)
  if (port !== wanted) print(`Port ${wanted} is in use by another program. Using port ${port} instead`)
  return port
}
