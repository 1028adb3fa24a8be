import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { projectDirectory } from '../../lib/project/projectDirectory.ts'
import { importFrom } from './checkouts.ts'

interface Schema {
  /** The schema of the entries that the checkout's functions read. */
  entrySchema: string
}

type Engine = Schema &
  Pick<typeof import('../../lib/cacheAside/index.ts'), 'createCacheAside'> &
  Pick<typeof import('../../lib/clients/redis/index.ts'), 'connectCache'>

/**
 * Imports the cache of a checkout, the Redis client of the same checkout, because both must share one copy of ioredis,
 * and the schema of its entries.
 */
export async function importEngine(directory = projectDirectory): Promise<Engine> {
  const { createCacheAside }: Pick<Engine, 'createCacheAside'> = await importFrom(
    directory,
    'lib/cacheAside/index.ts',
  )
  // Older checkouts have the client in this file.
  const former = 'lib/redis.ts'
  const client = existsSync(join(directory, former)) ? former : 'lib/clients/redis/index.ts'
  const { connectCache }: Pick<Engine, 'connectCache'> = await importFrom(directory, client)
  // Older checkouts use the default of lib/cacheAside.
  const schemaFile = 'lib/catalog/entrySchema.ts'
  const { entrySchema }: Schema = existsSync(join(directory, schemaFile))
    ? await importFrom(directory, schemaFile)
    : { entrySchema: '1' }
  return { createCacheAside, connectCache, entrySchema }
}
