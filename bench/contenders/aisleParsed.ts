import type { Open } from '../support/contender.ts'
import { openCache } from './aisle.ts'

/** A caller of lib/cacheAside that also reads the value. The first access to the value parses it. */
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
