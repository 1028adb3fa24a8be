import { join } from 'node:path'
import { corsHeaders } from '../http/cors.ts'
import { SetupError } from '../project/setupError.ts'
import { Inspector, openRedisSwitch } from './inspector/index.ts'
import { startProxy } from './proxy.ts'
import { fillTable } from './seed.ts'
import { makeFolder } from './servers/folder.ts'
import { startOffline } from './servers/offline.ts'
import { freePort, type Started, tryPort } from './servers/server.ts'
import { type FindOptions, findServices } from './servers/services.ts'
import { startStreamDelivery } from './stream/delivery.ts'
import { tokenKey } from './tokenKey.ts'

/** The local stack while it runs. */
export interface Stack {
  /** Where the catalog answers. */
  url: string
  redisUrl: string
  dynamodbEndpoint: string
  /** Resolves when a server ends by itself: which, and why. */
  broken: Promise<string>
  /** Stops what was started, and nothing else: the stream's delivery, serverless-offline, then Redis, then DynamoDB Local. */
  stop(): Promise<void>
}

export interface StackOptions extends FindOptions {
  /** where the catalog shall answer */
  port: number
  /** told of each thing that is ready: its name, what it is, and the ms that it took */
  done: (name: string, what: string, ms: number) => void
  /** gets what serverless-offline prints about requests */
  onLine: (line: string) => void
}

/**
 * Finds or starts everything that the catalog needs, and the catalog itself, all at the same time.
 *
 * @throws {SetupError} when something is missing or in the way; what had been started is stopped again
 * @throws the reason of `signal`, the same way
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { port, home, env, done, onLine } = options
  if (!(await tryPort(port)))
    throw new SetupError(
      `Port ${port} is in use. Stop what listens there, or choose another: PORT=${port + 1} npm start`,
    )
  const origins = storefrontOrigins(env, port)
  makeFolder(home)
  await tokenKey(home)

  const failure = new AbortController()
  const signal = AbortSignal.any([options.signal, failure.signal])
  const { redis, dynamodb } = await findServices({ ...options, signal })

  const servers = new Map<string, Started>()
  const launch = async (name: string, what: string, start: () => Promise<Started>) => {
    const begun = performance.now()
    servers.set(name, await start())
    done(name, what, performance.now() - begun)
  }
  let lambdaUrl = ''
  let delivery: { stop(): Promise<void> } | undefined
  let proxy: { stop(): Promise<void> } | undefined
  const redisSwitch = await openRedisSwitch(redis.url)
  const config = { table: 'aisle-local', redisUrl: redisSwitch.url, dynamodbEndpoint: dynamodb.url }
  const apiPort = await freePort()
  const inspector = new Inspector({ config, redis: redisSwitch, apiUrl: `http://127.0.0.1:${apiPort}`, home })
  const stop = async () => {
    await proxy?.stop()
    inspector.close()
    await delivery?.stop()
    for (const name of ['API', 'Redis', 'DynamoDB']) await servers.get(name)?.stop?.()
    await redisSwitch.stop()
  }

  const url = `http://127.0.0.1:${port}`
  const offlineEnv = {
    ...{ ...env, REDIS_URL: redisSwitch.url, DYNAMODB_ENDPOINT: dynamodb.url, AISLE_HOME: home },
    ...{ STOREFRONT_INSPECTOR: '1', STOREFRONT_ORIGINS: origins },
  }
  const steps = [
    launch('Redis', redis.what, redis.start),
    launch('DynamoDB', dynamodb.what, dynamodb.start).then(() => fillTable(dynamodb.url, done)),
    launch('API', `serverless-offline, ${url}`, async () => {
      const offline = await startOffline({ port: apiPort, env: offlineEnv, onLine, signal, detached: true })
      lambdaUrl = offline.lambdaUrl
      proxy = await startProxy({
        ...{ port, target: apiPort, requests: inspector.requests, inspector: inspector.answer },
        onAnswered: (answered) => void inspector.tell(answered),
      })
      return offline
    }),
  ]
  await Promise.all(steps.map((step) => step.catch((error) => failure.abort(error))))
  if (signal.aborted) {
    await stop()
    throw signal.reason
  }
  delivery = startStreamDelivery({
    file: join(home, 'stream.json'),
    ...{ dynamodbEndpoint: dynamodb.url, lambdaUrl, onTrouble: onLine },
  })

  const broken = Promise.race(
    [...servers].map(
      ([name, { ended }]) =>
        new Promise<string>((resolve) => ended?.then((why) => resolve(`${name} ${why}`))),
    ),
  )
  return { url, redisUrl: redis.url, dynamodbEndpoint: dynamodb.url, broken, stop }
}

/**
 * Whose pages may read: those that the environment names, else the catalog's own, by both names of this machine.
 *
 * @throws {SetupError} for what is no origin
 */
export function storefrontOrigins(env: NodeJS.ProcessEnv, port: number): string {
  // As a browser writes them, which leaves port 80 out.
  const own = ['127.0.0.1', 'localhost'].map((name) => new URL(`http://${name}:${port}`).origin)
  const origins = env.STOREFRONT_ORIGINS ?? own.join()
  try {
    corsHeaders(origins)
  } catch (error) {
    throw new SetupError(error instanceof Error ? error.message : String(error))
  }
  return origins
}
