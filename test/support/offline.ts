import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectDynamoDB } from '../../lib/clients/dynamodb/index.ts'
import { connectLocal } from '../../lib/local/servers/client.ts'
import { answersHttp, startDynamoDB } from '../../lib/local/servers/dynamodbServer.ts'
import { findRedisBinary, startRedis } from '../../lib/local/servers/redisServer.ts'
import { freePort, type Server } from '../../lib/local/servers/server.ts'
import { createTables } from '../../lib/local/servers/tables.ts'
import { signLocalToken, tokenKey } from '../../lib/local/tokenKey.ts'
import { projectFolder } from '../../lib/project/folder.ts'

/**
 * The services that the stage `local` needs, with their table made, and the environment that names them.
 * Its Redis and its DynamoDB are there for the caller to stop.
 */
export async function startServices() {
  const binary = findRedisBinary()
  if (!binary) throw new Error('No valkey-server or redis-server on PATH')
  const [redis, dynamodb] = await Promise.all([startRedis({ binary }), startDynamoDB()])
  // With more patience than the functions have: the first request to a database that has just started is slow.
  await createTables(connectLocal(dynamodb.url))
  const db = connectDynamoDB(dynamodb.url)
  const home = await mkdtemp(join(tmpdir(), 'aisle-'))
  const services = {
    redis,
    dynamodb,
    db,
    table: 'aisle-local',
    env: { ...process.env, REDIS_URL: redis.url, DYNAMODB_ENDPOINT: dynamodb.url, AISLE_HOME: home },
    token: (scope = 'catalog:write') =>
      tokenKey(home).then((key) => signLocalToken(key, { scope, seconds: 600, subject: 'test' })),
    /** A Redis on the same port, empty, after the first was stopped. */
    async restartRedis(): Promise<Server> {
      services.redis = await startRedis({ binary, port: redis.port })
      return services.redis
    },
    async stop() {
      await Promise.all([services.redis.stop('SIGKILL'), dynamodb.stop('SIGKILL')])
      await rm(home, { recursive: true })
    },
  }
  return services
}

/**
 * Runs `npx serverless offline` as a person would, and waits until it answers.
 *
 * @param certificates a folder with `cert.pem` and `key.pem`, for an API by HTTPS
 */
export async function startNpxOffline(env: NodeJS.ProcessEnv, certificates?: string) {
  const [httpPort, lambdaPort] = [await freePort(), await freePort()]
  const child = spawn(
    'npx',
    [
      ...['serverless', 'offline', '--httpPort', String(httpPort), '--lambdaPort', String(lambdaPort)],
      ...(certificates === undefined ? [] : ['--httpsProtocol', certificates]),
    ],
    // A process group of its own: npx starts others, and all of them have to end.
    { cwd: projectFolder, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
  const gone = new Promise<void>((resolve) => child.on('exit', () => resolve()))
  const url = `${certificates === undefined ? 'http' : 'https'}://127.0.0.1:${httpPort}`
  const deadline = Date.now() + 60_000
  // By a path without a route, which starts no function.
  while (!(await answersHttp(`${url}/-`))) {
    if (child.exitCode !== null || Date.now() > deadline)
      throw new Error(`serverless offline did not start:\n${output}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  return {
    url,
    /** Where functions are invoked, as by the AWS SDK. */
    lambdaUrl: `http://127.0.0.1:${lambdaPort}`,
    output: () => output,
    /** As Ctrl-C does: a signal to the whole group. Resolves when the group's leader is gone. */
    async stop(signal: NodeJS.Signals = 'SIGINT') {
      if (child.pid === undefined || child.exitCode !== null) return
      process.kill(-child.pid, signal)
      const late = setTimeout(() => process.kill(-(child.pid ?? 0), 'SIGKILL'), 10_000)
      await gone
      clearTimeout(late)
    },
  }
}
