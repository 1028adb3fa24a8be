import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseProductWithId } from '../../lib/catalog/product/product.ts'
import { putProduct } from '../../lib/catalog/product/putProduct.ts'
import { connectRedis } from '../../lib/clients/redis/index.ts'
import { connectLocal } from '../../lib/local/servers/client.ts'
import { startDynamoDB } from '../../lib/local/servers/dynamodbServer.ts'
import { findRedisBinary, startRedis } from '../../lib/local/servers/redisServer.ts'
import { freePort, type Server } from '../../lib/local/servers/server.ts'
import { createTables } from '../../lib/local/servers/tables.ts'
import { SetupError } from '../../lib/project/setupError.ts'
import { startNetwork } from '../support/network.ts'
import { startWorker, type Worker } from '../support/workers.ts'
import type { SandboxMethods, Setup } from './sandbox.ts'
import { contentOf, ids } from './shop.ts'
import type { StreamMethods } from './streamSandbox.ts'

/** What the processes that read, and the one that writes, have of the catalogue. */
const reading = ['getProduct', 'getPage', 'getProducts']
const writing = ['putProduct', 'patchVariant', 'postReview', 'postProduct']

export type Catalogue = Awaited<ReturnType<typeof startCatalogue>>

/**
 * The catalogue on this machine, to be harmed: two processes that read, one that writes and one that follows the stream,
 * a Redis half a millisecond away that keeps nothing on disk, and a DynamoDB Local that keeps all.
 *
 * @throws {SetupError} where something is missing
 */
export async function startCatalogue() {
  const binary = findRedisBinary()
  if (!binary) throw new SetupError('No valkey-server or redis-server on PATH')
  const folder = mkdtempSync(join(tmpdir(), 'aisle-chaos-'))
  const remove = () => rmSync(folder, { recursive: true, force: true })
  // Also where it is ended by a signal.
  process.once('exit', remove)
  const [redisPort, dynamodbPort] = [await freePort(), await freePort()]
  const startCache = () => startRedis({ binary, port: redisPort, detached: true })
  const startDatabase = () => startDynamoDB({ folder, port: dynamodbPort, detached: true })
  const [redis, dynamodb] = await Promise.all([restartable(startCache), restartable(startDatabase)])
  const network = await startNetwork()
  const wire = await network.open(redisPort)
  const db = connectLocal(dynamodb.server.url)
  const [table, answers] = await createTables(db, 'chaos')
  if (!table || !answers) throw new SetupError('serverless.yml defines too few tables')
  for (const id of ids)
    await putProduct({ db, table: table.name }, id, parseProductWithId(id, contentOf('before')))

  const env = {
    TABLE_NAME: table.name,
    IDEMPOTENCY_TABLE: answers.name,
    REDIS_URL: wire.url,
    DYNAMODB_ENDPOINT: dynamodb.server.url,
  }
  const sandbox = async (functions: string[]) => {
    const setup: Setup = { functions, env }
    const worker = await startWorker<SandboxMethods, never>(new URL('./sandbox.ts', import.meta.url), setup)
    return { worker, port: await worker.call('port') }
  }
  const [reader, otherReader, writer, stream] = await Promise.all([
    ...[sandbox(reading), sandbox(reading), sandbox(writing)],
    startWorker<StreamMethods, never>(new URL('./streamSandbox.ts', import.meta.url), env),
  ] as const)
  const admin = connectRedis(redis.server.url)
  // It is away now and then; whoever asks it then is told.
  admin.on('error', () => {})
  return {
    ...{ redis, dynamodb, wire, admin, db, table: table.name },
    readers: [reader, otherReader],
    writer,
    stream: stream as Worker<StreamMethods>,
    async stop() {
      admin.disconnect()
      db.destroy()
      await Promise.all([reader, otherReader, writer].map(({ worker }) => worker.kill()))
      await Promise.all([stream.kill(), network.worker.kill()])
      await Promise.all([redis.server.stop('SIGKILL'), dynamodb.server.stop('SIGKILL')])
      remove()
      process.off('exit', remove)
    },
  }
}

/** A server that comes back at its port after it was killed. */
async function restartable(start: () => Promise<Server>) {
  const kept = {
    server: await start(),
    /** Ends it, and starts it again so many ms later; resolves when it answers. */
    async killFor(ms: number) {
      await kept.server.stop('SIGKILL')
      await sleep(ms)
      kept.server = await start()
    },
    /** Stops it by SIGSTOP for so many ms. */
    async freezeFor(ms: number) {
      kept.server.process.kill('SIGSTOP')
      await sleep(ms)
      kept.server.process.kill('SIGCONT')
    },
  }
  return kept
}
