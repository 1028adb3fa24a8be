import { openCatalog } from '../../catalog/index.ts'
import type { Config } from '../../clients/config.ts'
import { formatCacheStatus } from '../../http/cacheStatus.ts'
import type { RequestLog, RequestRecord } from './requestLog.ts'
import { parseCacheStatus } from './responseHeaders.ts'

/** The readers that ask at the same time. Each process stands for a Lambda sandbox, with clients that share nothing. */
const readers = 200
const processes = 20

/** The result of a burst. */
export interface Burst {
  readers: number
  processes: number
  databaseReads: number
  /** The number of readers that got no answer. */
  failed: number
  ms: number
}

/**
 * Reads one product with many readers at once. They do not use HTTP, because the emulator would start a thread for
 * each.
 *
 * @param removeEntry makes the key cold; called when all readers are connected
 */
export async function burst(
  config: Config,
  id: string,
  requests: RequestLog,
  removeEntry: () => Promise<unknown>,
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
    // A failed connection is not an error: Redis can be off, and then the burst shows that.
    await Promise.allSettled(catalogues.map(({ redis }) => redis.connect()))
    await removeEntry()
    const begun = performance.now()
    let failed = 0
    const record = (request: Pick<RequestRecord, 'status' | 'outcome' | 'detail' | 'version' | 'age'>) => {
      const ms = performance.now() - begun
      requests.add({
        ...{ n: requests.nextNumber(), method: 'GET', path: `/products/${id}`, ms, cacheMs: ms },
        ...request,
      })
    }
    await Promise.all(
      Array.from({ length: readers }, async (_, n) => {
        const catalogue = catalogues[n % processes] as (typeof catalogues)[number]
        try {
          const { status, version, age } = await catalogue.getProduct(id)
          record({ status: 200, ...parseCacheStatus(formatCacheStatus(status)), version, age })
        } catch {
          failed++
          record({ status: 503, outcome: 'fail-open' })
        }
      }),
    )
    return { readers, processes, databaseReads, failed, ms: performance.now() - begun }
  } finally {
    for (const catalogue of catalogues) catalogue.close()
  }
}
