import { join } from 'node:path'
import { SetupError } from '../../project/setupError.ts'
import { checkDynamoDB, checkRedis, withoutSecret } from './checkServers.ts'
import { type ComposeService, composeUp } from './compose.ts'
import { requireJava, startDynamoDB } from './dynamodbServer.ts'
import { claimFolder, makeFolder } from './folder.ts'
import { installRedis } from './installRedis.ts'
import { startLastingRedis } from './lastingRedis.ts'
import { findBinary, findRedisBinary } from './redisServer.ts'
import { freePort, portOf, type Started } from './server.ts'

/** A backing service that was found: where it will answer, and how to have it. */
export interface Service {
  url: string
  /** What it is, for a person: `redis-server on PATH, redis://127.0.0.1:6379`. */
  what: string
  /** Resolves when it answers. Without a `stop` it is somebody else's. */
  start(): Promise<Started>
}

export interface FindOptions {
  env: NodeJS.ProcessEnv
  /** where DynamoDB Local keeps its data when it is started here */
  home: string
  /** told what takes long, and why a way was not taken */
  say: (line: string) => void
  /** gives up, and ends what is being started */
  signal: AbortSignal
}

/**
 * Finds the backing services, each in the first of these ways that works: the endpoint that the environment gives,
 * Docker, a server on this machine, and for Redis its package.
 *
 * @throws {SetupError} that names the ways to have one
 */
export async function findServices(options: FindOptions): Promise<{ redis: Service; dynamodb: Service }> {
  const { env, say, signal } = options
  const redisUrl = env.REDIS_URL
  const endpoint = env.DYNAMODB_ENDPOINT
  // Before anything is started.
  if (redisUrl) await checkRedis(redisUrl)
  if (endpoint) await checkDynamoDB(endpoint)

  const wanted: ComposeService[] = [
    ...(redisUrl ? [] : ['valkey' as const]),
    ...(endpoint ? [] : ['dynamodb' as const]),
  ]
  const composed = wanted.length > 0 ? await composeUp(wanted, { env, say, signal }) : undefined
  // One stop for both: compose takes as long for two as for one.
  const inDocker = (url: string): Service => ({
    url,
    what: `in Docker, ${url}`,
    start: async () => ({ stop: () => composed?.stop() ?? Promise.resolve() }),
  })
  try {
    // Its version is asked only if it fails: a Java that only tells its version takes as long as half a start.
    if (!endpoint && !composed && !findBinary('java', env.PATH)) await requireJava()
    return {
      redis: redisUrl
        ? given('REDIS_URL', redisUrl)
        : composed
          ? inDocker(`redis://127.0.0.1:${composed.ports.valkey}`)
          : await ownRedis(options),
      dynamodb: endpoint
        ? given('DYNAMODB_ENDPOINT', endpoint)
        : composed
          ? inDocker(`http://127.0.0.1:${composed.ports.dynamodb}`)
          : await ownDynamoDB(options),
    }
  } catch (error) {
    await composed?.stop()
    throw error
  }
}

const given = (variable: string, url: string): Service => ({
  url,
  what: `given by ${variable}, ${withoutSecret(url)}`,
  start: async () => ({}),
})

async function ownRedis({ env, home, say, signal }: FindOptions): Promise<Service> {
  const binary = findRedisBinary(env.PATH) ?? (await installRedis({ env, say, signal }))
  signal.throwIfAborted()
  if (!binary) throw new SetupError(noRedis)
  const port = await portNear(portOf('AISLE_REDIS_PORT', env, 6379), say)
  const url = `redis://127.0.0.1:${port}`
  return {
    url,
    what: `${binary}, ${url}`,
    start: () => startLastingRedis({ binary, port, home, say, signal, detached: true }),
  }
}

async function ownDynamoDB({ env, home, say, signal }: FindOptions): Promise<Service> {
  const folder = join(home, 'dynamodb')
  makeFolder(folder)
  // Before anything is started: a second start touches nothing that the first one uses.
  const claim = await claimFolder(folder)
  claim.release()
  const port = await portNear(portOf('AISLE_DYNAMODB_PORT', env, 8000), say)
  const url = `http://127.0.0.1:${port}`
  return {
    url,
    what: `DynamoDB Local, ${url}`,
    start: () => startDynamoDB({ folder, port, signal, detached: true }),
  }
}

async function portNear(wanted: number, say: (line: string) => void): Promise<number> {
  const port = await freePort(wanted)
  if (port !== wanted) say(`Port ${wanted} is in use by something else, which is left alone; taking ${port}`)
  return port
}

const noRedis = `No Redis or Valkey found. One of these, and then npm start again:
  Linux    apt-get install redis-server   (Debian, Ubuntu)
           dnf install valkey             (Fedora, RHEL)
  macOS    brew install valkey
  Windows  Docker Desktop, or WSL and the line for Linux
  anywhere a running Docker engine, or REDIS_URL=redis://host:6379 npm start`
