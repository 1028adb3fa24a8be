import type { Open } from '../cacheAside/contender.ts'
import { openCache } from './aisle.ts'

/** A caller of lib/cacheAside that looks at the value as well, which is parsed by that. */
export const open: Open = async (options) => {
  const { cache, ...rest } = await openCache(options)
  return {
    async text(id) {
      const { value, body } = await cache.get(id)
      return value === undefined ? '' : (body ?? '')
    },
    ...rest,
  }
}
