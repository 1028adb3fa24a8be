import type { Cluster, Redis } from 'ioredis'
import { formerKey } from './keys.ts'
import { orOneByOne } from './oneByOne.ts'

/** Removes whatever stands at the keys of one id, and what the release before this format has put there. */
export function removeAll(redis: Redis | Cluster, keys: string[]): Promise<unknown> {
  return orOneByOne(redis, [...keys, ...keys.map(formerKey)], (some) => redis.del(...some))
}

/** Removes what is older than a version at the keys of one id; of the former release, whatever stands there. */
export function removeOlder(
  redis: Redis | Cluster,
  id: string,
  keys: string[],
  version: number,
): Promise<unknown> {
  const remove = (own: string[], former: string[]) =>
    redis.cacheAsideRemove(
      own.length + former.length,
      ...own,
      ...former,
      String(version),
      String(former.length),
      id,
    )
  const former = keys.map(formerKey)
  return orOneByOne(redis, [...keys, ...former], (some) =>
    remove(
      some.filter((key) => keys.includes(key)),
      some.filter((key) => former.includes(key)),
    ),
  )
}
