import type { CacheAsideOptions } from '../../lib/cacheAside/index.ts'
import { connectLocal } from '../../lib/local/servers/client.ts'
import { databaseIn, openCache, type Text } from './cache.ts'
import { startControl } from './control.ts'
import { freshTables } from './dynamodb.ts'
import { untilFileEnds } from './ends.ts'
import { startNetwork } from './network.ts'
import { oneServer } from './servers.ts'

/**
 * A Redis and a database for tests with time in them whose callers live in one process, so that a load can be held by
 * hand. For the top level of a test file; ends with the file.
 *
 * @param texts what the database holds at the beginning, by id
 */
export async function startPlace({ texts = {} }: { texts?: Record<string, string> } = {}) {
  const ends = untilFileEnds()
  const { table, endpoint } = await freshTables()
  // The database's own delays are no part of what is tested.
  const db = connectLocal(endpoint)
  const network = await startNetwork()
  ends(() => network.worker.kill())
  const control = await startControl(network, ends)
  const redis = await oneServer(network, ends, 0.5)
  const { wire } = redis
  let database = databaseIn(db, table)
  let clients: { disconnect(): void }[] = []
  let resets = 0
  const place = {
    control,
    wire,
    get server() {
      return redis.server()
    },
    get database() {
      return database
    },
    /** Starts the Redis anew, empty. */
    restartRedis: () => redis.restart(),
    /** A cache of texts with a client of its own, as another process has it, connected already. */
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
  return place
}
