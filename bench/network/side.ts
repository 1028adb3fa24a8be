import type { CacheAsideOptions, CacheEvent, CacheResult } from '../../lib/cacheAside/index.ts'
import { openContender } from '../cacheAside/contender.ts'
import { engineOf, folderOf } from '../cacheAside/engine.ts'
import type { Row } from './database.ts'

/** How long entries live; all else is at its default. */
export type Lives = Pick<
  CacheAsideOptions<Row>,
  'ttl' | 'jitter' | 'negativeTtl' | 'staleWhileRevalidate' | 'staleIfError'
>

/** An answer as a measurement sees it. */
export interface Answer {
  /** Undefined where there is no such row. */
  version: number | undefined
  /** Out of the cache, without a load. */
  hit: boolean
}

/** A cache of rows of a database. Without budgets a caller has all the time in the world. */
export interface Side {
  get(id: string, budgetMs?: number): Promise<Answer>
  /** Errors are in the places of answers. */
  getMany(ids: string[], budgetMs?: number): Promise<(Answer | Error)[]>
  /** Commits and removes. */
  write(id: string, commit: () => Promise<number>): Promise<string>
  /** As the database's stream does. */
  invalidate(id: string, version?: number): Promise<string>
}

interface Database {
  load: (id: string) => Promise<Row | undefined>
  loadMany: (ids: string[]) => Promise<Map<string, Row | undefined>>
  /** How many loads of an id have begun. */
  loadsOf: (id: string) => number
}

const ttl = 60_000

/** lib/cacheAside of this checkout or another one. */
export async function openAisle(
  name: string,
  redisUrl: string,
  { load, loadMany }: Database,
  lives: Lives,
  onEvent: (event: CacheEvent) => void,
): Promise<Side> {
  const { createCacheAside, connectCache } = await engineOf(folderOf(name))
  const loaded = (row: Row | undefined) => row && { value: row, version: row.version }
  const cache = createCacheAside<Row>({
    redis: connectCache(redisUrl),
    name: 'row',
    load: async (id) => loaded(await load(id)),
    loadMany: async (ids) => new Map([...(await loadMany(ids))].map(([id, row]) => [id, loaded(row)])),
    onEvent,
    ...lives,
  })
  const answer = ({ body, version, status }: CacheResult<Row>): Answer => ({
    version: body === undefined ? undefined : version,
    hit: status.hit,
  })
  const within = (budgetMs: number | undefined) => (budgetMs === undefined ? {} : { budgetMs })
  return {
    get: async (id, budgetMs) => answer(await cache.get(id, within(budgetMs))),
    getMany: async (ids, budgetMs) =>
      (await cache.getMany(ids, within(budgetMs))).map((result) => result.error ?? answer(result)),
    write: async (id, commit) =>
      (await cache.write(id, async () => ({ value: undefined, version: await commit() }))).invalidation,
    invalidate: (id, version) => cache.invalidate(id, version === undefined ? {} : { version }),
  }
}

/** A library, as in the other measurements. None has budgets, and lists are as many single reads. */
export async function openLibrary(
  name: string,
  redisUrl: string,
  { load, loadsOf }: Database,
  lives: Lives,
): Promise<Side> {
  const library = await openContender(name, { redisUrl, load, ttl: lives.ttl ?? ttl })
  const get = async (id: string): Promise<Answer> => {
    const before = loadsOf(id)
    const { version } = JSON.parse(await library.text(id)) as Row
    return { version, hit: loadsOf(id) === before }
  }
  const invalidate = async (id: string) => {
    await library.invalidate(id)
    return 'done'
  }
  return {
    get,
    invalidate,
    getMany: async (ids) => {
      const settled = await Promise.allSettled(ids.map((id) => get(id)))
      return settled.map((each) =>
        each.status === 'fulfilled' ? each.value : new Error(String(each.reason)),
      )
    },
    async write(id, commit) {
      await commit()
      return invalidate(id)
    },
  }
}
