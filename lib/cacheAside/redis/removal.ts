import type { Cluster, Redis } from 'ioredis'
import { removeHedged } from './hedgedRemoval.ts'
import { formerKey } from './keys.ts'

/** Removes whatever the keys of one id hold, and what the release before this format stored for the id. */
export function removeAll(redis: Redis | Cluster, keys: string[]): Promise<unknown> {
  return removeHedged(redis, [...keys, ...keys.map(formerKey)], (some) => redis.del(...some))
}

/**
 * Removes what is older than a version at the keys of one id. Of the release before this format, it removes
 * everything that it stored for the id.
 */
export function removeOlder(
  redis: Redis | Cluster,
  id: string,
  keys: string[],
  version: number,
): Promise<unknown> {
  const remove = (current: string[], former: string[]) =>
    redis.cacheAsideRemove(
      current.length + former.length,
      ...current,
      ...former,
      String(version),
      String(former.length),
      id,
    )
  const former = keys.map(formerKey)
  return removeHedged(redis, [...keys, ...former], (some) =>
    remove(
      some.filter((key) => keys.includes(key)),
      some.filter((key) => former.includes(key)),
    ),
  )
}
