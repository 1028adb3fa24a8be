import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { projectDirectory } from '../../lib/project/projectDirectory.ts'
import { importFrom } from './checkouts.ts'

type Engine = Pick<typeof import('../../lib/cacheAside/index.ts'), 'createCacheAside'> &
  Pick<typeof import('../../lib/clients/redis/index.ts'), 'connectCache'>

/**
 * Imports the cache of a checkout and the Redis client of the same checkout, because both must share one copy of
 * ioredis.
 */
export async function importEngine(directory = projectDirectory): Promise<Engine> {
  const { createCacheAside }: Engine = await importFrom(directory, 'lib/cacheAside/index.ts')
  // Older checkouts have the client in this file.
  const former = 'lib/redis.ts'
  const client = existsSync(join(directory, former)) ? former : 'lib/clients/redis/index.ts'
  const { connectCache }: Engine = await importFrom(directory, client)
  return { createCacheAside, connectCache }
}
