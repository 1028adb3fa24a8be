import type { CacheAsideOptions } from '../../lib/cacheAside/index.ts'
import { connectLocal } from '../../lib/local/servers/client.ts'
import { databaseIn, openCache, type Text } from './cache.ts'
import { startControl } from './control.ts'
import { freshTables } from './dynamodb.ts'
import { fileCleanup } from './fileCleanup.ts'
import { startNetwork } from './network.ts'
import { startWiredRedis } from './wiredRedis.ts'

/**
 * Starts a Redis and a database for timed tests whose callers share one process, so that the test can hold a load. Call
 * it at the top level of a test file. Everything stops after the file.
 *
 * @param texts the initial content of the database, by id
 */
export async function startTestbed({ texts = {} }: { texts?: Record<string, string> } = {}) {
  const afterFile = fileCleanup()
  const { table, endpoint } = await freshTables()
  // connectLocal has longer timeouts, so that a slow database does not affect the test.
  const db = connectLocal(endpoint)
  const network = await startNetwork()
  afterFile(() => network.worker.kill())
  const control = await startControl(network, afterFile)
  const redis = await startWiredRedis(network, afterFile, 0.5)
  const { wire } = redis
  let database = databaseIn(db, table)
  let clients: { disconnect(): void }[] = []
  let resets = 0
  const testbed = {
    control,
    wire,
    get server() {
      return redis.server()
    },
    get database() {
      return database
    },
    /** Kills the Redis and starts an empty one on the same port. */
    restartRedis: () => redis.restart(),
    /** Opens a cache of texts with its own connected client, as another process has it. */
    async open(options: Partial<CacheAsideOptions<Text>> = {}) {
      const opened = openCache(wire.url, database, options)
      clients.push(opened.redis)
      await opened.redis.ping()
      return opened
    },
    async reset() {
      for (const client of clients) client.disconnect()
      clients = []
      await redis.reset()
      database = databaseIn(db, table, `${++resets}/`)
      await Promise.all(Object.entries(texts).map(([id, text]) => database.write(id, text)))
      await database.read('connected')
      database.reads = 0
    },
  }
  return testbed
}
