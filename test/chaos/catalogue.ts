import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseProductWithId } from '../../lib/catalog/product/parseProduct.ts'
import { putProduct } from '../../lib/catalog/product/putProduct.ts'
import { connectLocal } from '../../lib/local/servers/client.ts'
import { createTables } from '../../lib/local/servers/createTables.ts'
import { startDynamoDB } from '../../lib/local/servers/dynamodbServer.ts'
import { freePort } from '../../lib/local/servers/ports.ts'
import { findRedisBinary, startRedis } from '../../lib/local/servers/redisServer.ts'
import type { Server } from '../../lib/local/servers/server.ts'
import { SetupError } from '../../lib/project/setupError.ts'
import { connectRedis } from '../support/connectRedis.ts'
import { startNetwork } from '../support/network.ts'
import { startWorker } from '../support/workers.ts'
import type { FunctionProcessMethods, Setup } from './functionProcess.ts'
import { ids, productContent } from './shop.ts'
import type { StreamProcessMethods } from './streamProcess.ts'

/** The functions of the reading processes. */
const readFunctions = ['getProduct', 'getPage', 'getProducts']
/** The functions of the writing process. */
const writeFunctions = ['putProduct', 'patchVariant', 'postReview', 'postProduct']

export type Catalogue = Awaited<ReturnType<typeof startCatalogue>>

/**
 * Starts the catalogue on this machine, for faults: two processes that read, one that writes, and one that follows the
 * stream. Redis is half a millisecond away and stores nothing on disk. DynamoDB Local stores everything on disk.
 *
 * @throws {SetupError} if Redis is not installed, or if serverless.yml defines too few tables
 */
export async function startCatalogue() {
  const binary = findRedisBinary()
  if (!binary) throw new SetupError('No valkey-server or redis-server on PATH. Install one of them.')
  const directory = mkdtempSync(join(tmpdir(), 'aisle-chaos-'))
  const removeDirectory = () => rmSync(directory, { recursive: true, force: true })
  // A signal may end the run before `stop`.
  process.once('exit', removeDirectory)
  const [redisPort, dynamodbPort] = [await freePort(), await freePort()]
  const [redis, dynamodb] = await Promise.all([
    startRestartable(() => startRedis({ binary, port: redisPort, detached: true })),
    startRestartable(() => startDynamoDB({ directory, port: dynamodbPort, detached: true })),
  ])
  const network = await startNetwork()
  const wire = await network.open(redisPort)
  const db = connectLocal(dynamodb.server.url)
  const [table, idempotencyTable] = await createTables(db, 'chaos')
  if (!table || !idempotencyTable) throw new SetupError('serverless.yml must define two tables')
  for (const id of ids)
    await putProduct({ db, table: table.name }, id, parseProductWithId(id, productContent('before')))

  const env = {
    TABLE_NAME: table.name,
    IDEMPOTENCY_TABLE: idempotencyTable.name,
    REDIS_URL: wire.url,
    DYNAMODB_ENDPOINT: dynamodb.server.url,
  }
  const startFunctions = async (functions: string[]) => {
    const setup: Setup = { functions, env }
    const file = new URL('./functionProcess.ts', import.meta.url)
    const worker = await startWorker<FunctionProcessMethods, never>(file, setup)
    return { worker, port: await worker.call('port') }
  }
  const [firstReader, secondReader, writer, stream] = await Promise.all([
    startFunctions(readFunctions),
    startFunctions(readFunctions),
    startFunctions(writeFunctions),
    startWorker<StreamProcessMethods, never>(new URL('./streamProcess.ts', import.meta.url), env),
  ])
  const admin = connectRedis(redis.server.url)
  // Redis is unavailable at times. Each command then rejects, so this event says nothing new.
  admin.on('error', () => {})
  return {
    ...{ redis, dynamodb, wire, admin, db, table: table.name },
    readers: [firstReader, secondReader],
    writer,
    stream,
    async stop() {
      admin.disconnect()
      db.destroy()
      await Promise.all([firstReader, secondReader, writer].map(({ worker }) => worker.kill()))
      await Promise.all([stream.kill(), network.worker.kill()])
      await Promise.all([redis.server.stop('SIGKILL'), dynamodb.server.stop('SIGKILL')])
      removeDirectory()
      process.off('exit', removeDirectory)
    },
  }
}

/** Starts a server that can be killed and started again at the same port. */
async function startRestartable(start: () => Promise<Server>) {
  const restartable = {
    server: await start(),
    /** Kills the server, and starts it again after `ms`. Resolves when it answers. */
    async killFor(ms: number) {
      await restartable.server.stop('SIGKILL')
      await sleep(ms)
      restartable.server = await start()
    },
    /** Freezes the server by SIGSTOP for `ms`. */
    async freezeFor(ms: number) {
      restartable.server.process.kill('SIGSTOP')
      await sleep(ms)
      restartable.server.process.kill('SIGCONT')
    },
  }
  return restartable
}
