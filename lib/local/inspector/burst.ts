import type { CacheStatus } from '../../cacheAside/index.ts'
import { openCatalog } from '../../catalog/index.ts'
import type { Config } from '../../clients/config.ts'
import { cacheStatusOf } from '../../http/response.ts'
import { outcomeOf } from './outcome.ts'
import type { Requests } from './requests.ts'

/** Who asks at the same time. Each process is a sandbox of Lambda: a client of its own, that knows of no other. */
const readers = 200
const processes = 20

/** What a burst did. */
export interface Burst {
  readers: number
  processes: number
  databaseReads: number
  /** Who had no answer. */
  failed: number
  ms: number
}

/**
 * Reads one product as many readers at once. Not over HTTP: the emulator would start a thread for each of them.
 *
 * @param empty makes the key cold, when all are connected
 */
export async function burst(
  config: Config,
  id: string,
  requests: Requests,
  empty: () => Promise<unknown>,
): Promise<Burst> {
  const catalogues = Array.from({ length: processes }, () => openCatalog(config))
  let databaseReads = 0
  try {
    for (const { db } of catalogues)
      db.middlewareStack.add(
        (next) => (args) => {
          databaseReads++
          return next(args)
        },
        { step: 'initialize', name: 'count reads' },
      )
    // Where Redis is off, that is what is to be seen.
    await Promise.allSettled(catalogues.map(({ redis }) => redis.connect()))
    await empty()
    const begun = performance.now()
    let failed = 0
    await Promise.all(
      Array.from({ length: readers }, async (_, n) => {
        const catalogue = catalogues[n % processes] as (typeof catalogues)[number]
        const tell = (status: number, about: ReturnType<typeof told>) =>
          requests.add({
            ...{ n: requests.next(), method: 'GET', path: `/products/${id}`, status, ...about },
            ms: performance.now() - begun,
            cacheMs: performance.now() - begun,
          })
        try {
          const { status, version, age } = await catalogue.getProduct(id)
          tell(200, { ...told(status), version, age })
        } catch {
          failed++
          tell(503, { outcome: 'fail-open' })
        }
      }),
    )
    return { readers, processes, databaseReads, failed, ms: performance.now() - begun }
  } finally {
    for (const catalogue of catalogues) catalogue.close()
  }
}

const told = (status: CacheStatus): ReturnType<typeof outcomeOf> & { version?: number; age?: number } =>
  outcomeOf(cacheStatusOf(status))
