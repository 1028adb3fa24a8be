import type { CacheStatus } from '../cacheAside/index.ts'
import { Problem } from './problem.ts'
import { cacheStatusOf } from './response.ts'

/** The answer to a read of what belongs to a product that does not exist, and how that became known. */
export const noSuchProduct = (id: string, status: CacheStatus): Problem =>
  new Problem(404, 'no-such-product', `There is no product ${id}`, {
    headers: { 'cache-status': cacheStatusOf(status) },
  })
