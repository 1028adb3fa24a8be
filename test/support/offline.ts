import { spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { connectDynamoDB } from '../../lib/clients/dynamodb/index.ts'
import { connectLocal } from '../../lib/local/servers/client.ts'
import { createTables } from '../../lib/local/servers/createTables.ts'
import { answersHttp, startDynamoDB } from '../../lib/local/servers/dynamodbServer.ts'
import { freePort } from '../../lib/local/servers/ports.ts'
import { findRedisBinary, startRedis } from '../../lib/local/servers/redisServer.ts'
import type { Server } from '../../lib/local/servers/server.ts'
import { signLocalToken, tokenKey } from '../../lib/local/tokenKey.ts'
import { projectDirectory } from '../../lib/project/projectDirectory.ts'
import { temporaryDirectory } from './temporaryDirectory.ts'

/**
 * Starts the services that the stage `local` needs, creates its tables, and returns the environment that names them.
 * The caller may stop each service.
 */
export async function startServices() {
  const binary = findRedisBinary()
  if (!binary) throw new Error('No valkey-server or redis-server on PATH')
  const [redis, dynamodb] = await Promise.all([startRedis({ binary }), startDynamoDB()])
  // connectLocal waits longer than the functions do. The first request to a new DynamoDB Local is slow.
  await createTables(connectLocal(dynamodb.url))
  const db = connectDynamoDB(dynamodb.url)
  const dataDirectory = temporaryDirectory('aisle-')
  const services = {
    redis,
    dynamodb,
    db,
    table: 'aisle-local',
    env: { ...process.env, REDIS_URL: redis.url, DYNAMODB_ENDPOINT: dynamodb.url, AISLE_HOME: dataDirectory },
    token: (scope = 'catalog:write') =>
      tokenKey(dataDirectory).then((key) =>
        signLocalToken(key, { scope, seconds: 600, subject: 'test', name: 'Test' }),
      ),
    /** Starts an empty Redis on the same port, after the caller has stopped the previous one. */
    async restartRedis(): Promise<Server> {
      services.redis = await startRedis({ binary, port: redis.port })
      return services.redis
    },
    async stop() {
      await Promise.all([services.redis.stop('SIGKILL'), dynamodb.stop('SIGKILL')])
    },
  }
  return services
}

/**
 * Runs `npx serverless offline` and waits until it answers.
 *
 * @param certificates a directory with `cert.pem` and `key.pem`, for an API over HTTPS
 * @throws {Error} with its output, if it exits or does not answer within 60 s
 */
export async function startNpxOffline(env: NodeJS.ProcessEnv, certificates?: string) {
  const [httpPort, lambdaPort] = [await freePort(), await freePort()]
  const child = spawn(
    'npx',
    [
      ...['serverless', 'offline', '--httpPort', String(httpPort), '--lambdaPort', String(lambdaPort)],
      ...(certificates === undefined ? [] : ['--httpsProtocol', certificates]),
    ],
    // Its own process group, because npx starts other processes, and `stop` ends them all.
    { cwd: projectDirectory, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
  const exited = new Promise<void>((resolve) => child.on('exit', () => resolve()))
  const url = `${certificates === undefined ? 'http' : 'https'}://127.0.0.1:${httpPort}`
  const deadline = Date.now() + 60_000
  // No route has this method, so the request starts no function.
  while (!(await answersHttp(url, 500, 'OPTIONS'))) {
    if (child.exitCode !== null || Date.now() > deadline)
      throw new Error(`serverless offline did not start:\n${output}`)
    await sleep(100)
  }
  return {
    url,
    /** The address at which the AWS SDK can invoke functions. */
    lambdaUrl: `http://127.0.0.1:${lambdaPort}`,
    output: () => output,
    /** Signals the whole process group, as Ctrl-C does. Resolves when its leader has exited. */
    async stop(signal: NodeJS.Signals = 'SIGINT') {
      if (child.pid === undefined || child.exitCode !== null) return
      process.kill(-child.pid, signal)
      const killTimer = setTimeout(() => process.kill(-(child.pid ?? 0), 'SIGKILL'), 10_000)
      await exited
      clearTimeout(killTimer)
    },
  }
}
