import type { CacheAsideOptions, CacheEvent, CacheResult } from '../../lib/cacheAside/index.ts'
import { checkoutOf } from '../support/checkouts.ts'
import { openContender } from '../support/contender.ts'
import { importEngine } from '../support/engine.ts'
import type { Row } from './database.ts'

/** How long entries live. All other options are at their defaults. */
export type Lifetimes = Pick<
  CacheAsideOptions<Row>,
  'ttl' | 'jitter' | 'negativeTtl' | 'staleWhileRevalidate' | 'staleIfError'
>

/** An answer as the measurements see it. */
export interface Answer {
  /** Undefined if the row does not exist. */
  version: number | undefined
  /** Whether it came from the cache, without a load. */
  hit: boolean
}

/** A cache of a database's rows. Without a budget, the time of a call is unlimited. */
export interface RowCache {
  get(id: string, budgetMs?: number): Promise<Answer>
  /** Returns an answer or an error for each id, in the order of the ids. */
  getMany(ids: string[], budgetMs?: number): Promise<(Answer | Error)[]>
  /** Commits, then removes the entry. */
  write(id: string, commit: () => Promise<number>): Promise<string>
  /** Removes an entry, as the table's stream does. */
  invalidate(id: string, version?: number): Promise<string>
}

interface Database {
  load: (id: string) => Promise<Row | undefined>
  loadMany: (ids: string[]) => Promise<Map<string, Row | undefined>>
  /** Returns how many loads of an id have begun. */
  countLoads: (id: string) => number
}

const ttl = 60_000

/** Opens lib/cacheAside of this checkout or the other one. */
export async function openAisle(
  name: string,
  redisUrl: string,
  { load, loadMany }: Database,
  lifetimes: Lifetimes,
  onEvent: (event: CacheEvent) => void,
): Promise<RowCache> {
  const { createCacheAside, connectCache } = await importEngine(checkoutOf(name))
  const toLoaded = (row: Row | undefined) => row && { value: row, version: row.version }
  const cache = createCacheAside<Row>({
    redis: connectCache(redisUrl),
    name: 'row',
    load: async (id) => toLoaded(await load(id)),
    loadMany: async (ids) => new Map([...(await loadMany(ids))].map(([id, row]) => [id, toLoaded(row)])),
    onEvent,
    ...lifetimes,
  })
  const toAnswer = ({ body, version, status }: CacheResult<Row>): Answer => ({
    version: body === undefined ? undefined : version,
    hit: status.hit,
  })
  const optionsOf = (budgetMs: number | undefined) => (budgetMs === undefined ? {} : { budgetMs })
  return {
    get: async (id, budgetMs) => toAnswer(await cache.get(id, optionsOf(budgetMs))),
    getMany: async (ids, budgetMs) =>
      (await cache.getMany(ids, optionsOf(budgetMs))).map((result) => result.error ?? toAnswer(result)),
    write: async (id, commit) =>
      (await cache.write(id, async () => ({ value: undefined, version: await commit() }))).invalidation,
    invalidate: (id, version) => cache.invalidate(id, version === undefined ? {} : { version }),
  }
}

/** Opens a library, as the other measurements do. It has no budgets, and reads a list as single reads. */
export async function openLibrary(
  name: string,
  redisUrl: string,
  { load, countLoads }: Database,
  lifetimes: Lifetimes,
): Promise<RowCache> {
  const library = await openContender(name, { redisUrl, load, ttl: lifetimes.ttl ?? ttl })
  const get = async (id: string): Promise<Answer> => {
    const before = countLoads(id)
    const { version } = JSON.parse(await library.text(id)) as Row
    return { version, hit: countLoads(id) === before }
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
