import { join } from 'node:path'
import { corsHeaders } from '../http/cors.ts'
import { SetupError } from '../project/setupError.ts'
import { Inspector, openRedisSwitch } from './inspector/index.ts'
import { formatRequest, readLogFormat } from './logs/format.ts'
import { createFunctionLines } from './logs/functionLines.ts'
import { RedisNotice } from './logs/redisNotice.ts'
import { startProxy } from './proxy.ts'
import { seedTables } from './seed.ts'
import { makeDirectory } from './servers/dataDirectory.ts'
import { startOffline } from './servers/offline.ts'
import { freePort, isPortFree } from './servers/ports.ts'
import { beginRun } from './servers/runRecord.ts'
import type { RunningService } from './servers/server.ts'
import { type FindOptions, findServices } from './servers/services.ts'
import { startStreamDelivery } from './stream/delivery.ts'
import { tokenKey } from './tokenKey.ts'

/** The local stack while it runs. */
export interface Stack {
  /** The address of the catalogue. */
  url: string
  redisUrl: string
  dynamodbEndpoint: string
  /** Resolves with the server and the reason if a server ends by itself. */
  failure: Promise<string>
  /** Stops only what the stack started: the stream's delivery, serverless-offline, Redis, and then DynamoDB Local. */
  stop(): Promise<void>
}

export interface StackOptions extends Omit<FindOptions, 'redisNotice' | 'record'> {
  /** The port of the catalogue. */
  port: number
  /** Called for each part that is ready, with its name, its description, and the ms that it took. */
  onReady: (name: string, description: string, ms: number) => void
  /** Receives what happens while the stack runs: a line for each request, and what goes wrong. */
  onLine: (line: string) => void
}

/**
 * Finds or starts everything that the catalogue needs, and starts the catalogue itself at the same time.
 *
 * @throws {SetupError} if something is missing or already in use, or a variable is not valid; the servers that have started are stopped first
 * @throws the reason of `signal`, in the same way
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { port, dataDirectory, env, onReady, onLine } = options
  if (!(await isPortFree(port)))
    throw new SetupError(
      `Port ${port} is in use. Stop the program that uses it, or choose another port: PORT=${port + 1} npm start`,
    )
  const origins = storefrontOrigins(env, port)
  const format = readLogFormat(env)
  const redisNotice = new RedisNotice(options.print)
  const onFunctionLine = createFunctionLines({ format, print: onLine, isRedisAway: () => redisNotice.isAway })
  makeDirectory(dataDirectory)
  await tokenKey(dataDirectory)

  const failedStep = new AbortController()
  const signal = AbortSignal.any([options.signal, failedStep.signal])
  const record = await beginRun(dataDirectory, options.print)
  const { redis, dynamodb } = await findServices({ ...options, redisNotice, signal, record }).catch(
    (error) => {
      record.release()
      throw error
    },
  )

  const servers = new Map<string, RunningService>()
  const launch = async (name: string, description: string, start: () => Promise<RunningService>) => {
    const begun = performance.now()
    servers.set(name, await start())
    onReady(name, description, performance.now() - begun)
  }
  let lambdaUrl = ''
  let delivery: { stop(): Promise<void> } | undefined
  let proxy: { stop(): Promise<void> } | undefined
  const redisSwitch = await openRedisSwitch(redis.url)
  const config = { table: 'aisle-local', redisUrl: redisSwitch.url, dynamodbEndpoint: dynamodb.url }
  const apiPort = await freePort()
  const apiUrl = `http://127.0.0.1:${apiPort}`
  const inspector = new Inspector({ config, redis: redisSwitch, apiUrl, dataDirectory })
  const stop = async () => {
    redisNotice.stop()
    await proxy?.stop()
    inspector.close()
    await delivery?.stop()
    for (const name of ['API', 'Redis', 'DynamoDB']) await servers.get(name)?.stop?.()
    await redisSwitch.stop()
    record.release()
  }

  const url = `http://127.0.0.1:${port}`
  const offlineEnv = {
    ...{ ...env, REDIS_URL: redisSwitch.url, DYNAMODB_ENDPOINT: dynamodb.url, AISLE_HOME: dataDirectory },
    ...{ STOREFRONT_INSPECTOR: '1', STOREFRONT_ORIGINS: origins, STOREFRONT_URL: url },
  }
  const steps = [
    launch('Redis', redis.description, redis.start),
    launch('DynamoDB', dynamodb.description, dynamodb.start).then(() => seedTables(dynamodb.url, onReady)),
    launch('API', `serverless-offline, ${url}`, async () => {
      const offline = await startOffline({
        ...{
          port: apiPort,
          env: offlineEnv,
          onLine: onFunctionLine,
          signal,
          detached: true,
          onSpawn: record.addServer,
        },
      })
      lambdaUrl = offline.lambdaUrl
      proxy = await startProxy({
        ...{ port, target: apiPort, requests: inspector.requests, inspector: inspector.handle },
        onResponse: (request) => {
          if (format === 'short') onLine(formatRequest(request, new Date()))
          void inspector.record(request)
        },
      })
      return offline
    }),
  ]
  await Promise.all(steps.map((step) => step.catch((error) => failedStep.abort(error))))
  if (signal.aborted) {
    await stop()
    throw signal.reason
  }
  delivery = startStreamDelivery({
    file: join(dataDirectory, 'stream.json'),
    ...{ dynamodbEndpoint: dynamodb.url, lambdaUrl },
    // Without Redis every delivery fails, and is repeated until Redis is back.
    onWarning: (message) => {
      if (format === 'json' || !redisNotice.isAway || !message.startsWith('The function ')) onLine(message)
    },
  })
  redisNotice.watch(redisSwitch.url)

  const failure = Promise.race(
    [...servers].map(
      ([name, { ended }]) =>
        new Promise<string>((resolve) => ended?.then((reason) => resolve(`${name} ${reason}`))),
    ),
  )
  return { url, redisUrl: redis.url, dynamodbEndpoint: dynamodb.url, failure, stop }
}

/**
 * Returns the origins whose pages may read the API: those in the environment, or else the catalogue's own origin under
 * both names of this machine.
 *
 * @throws {SetupError} if an entry is not an origin
 */
export function storefrontOrigins(env: NodeJS.ProcessEnv, port: number): string {
  // `origin` is written as a browser writes it: without port 80.
  const own = ['127.0.0.1', 'localhost'].map((name) => new URL(`http://${name}:${port}`).origin)
  const origins = env.STOREFRONT_ORIGINS ?? own.join()
  try {
    corsHeaders(origins)
  } catch (error) {
    throw new SetupError(error instanceof Error ? error.message : String(error))
  }
  return origins
}
