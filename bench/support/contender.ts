import { beforeSuffix } from './checkouts.ts'

/** What every contender receives. */
export interface ContenderOptions {
  /** The name under which the measurement asked for the contender. */
  name: string
  /** `redis://127.0.0.1:6379/3`, with the number of the database at the end, or `redis-cluster://127.0.0.1:6379`. */
  redisUrl: string
  /**
   * Begins the keys of lib/cacheAside and of the bare GET. A cluster has only one database, and several contenders may
   * share it.
   */
  prefix: string
  /** Reads a product from the database. */
  load: (id: string) => Promise<unknown>
  /** Returns the response text for what the library returns: the cached value, or the text if the library caches text. */
  toText: (cached: unknown) => string
  /** ms */
  ttl: number
}

/** A cache, or a handler in front of a cache, that the benchmarks can compare. */
export interface Contender {
  /** Returns the response text for an id, from the cache or by a load. */
  text(id: string): Promise<string>
  invalidate(id: string): Promise<unknown>
  /** Throws if the text for an id is wrong. Without it, the text must be the product's JSON. */
  check?(id: string, text: string): void
  close(): Promise<unknown>
}

export type Open = (options: ContenderOptions) => Promise<Contender>

/** The libraries, each with the file in bench/contenders that sets it up. */
const libraryFiles: Record<string, string> = {
  bentocache: 'bentocache',
  cacheable: 'cacheable',
  'cache-manager': 'cacheManager',
  '@epic-web/cachified': 'cachified',
  'async-cache-dedupe': 'asyncCacheDedupe',
  'layered-loader': 'layeredLoader',
}

export const libraries = Object.keys(libraryFiles)

/** All contenders, each with its file. */
const files: Record<string, string> = {
  'bare GET': 'bare',
  'bare GET, auto-pipelined': 'barePipelined',
  aisle: 'aisle',
  'aisle, value parsed': 'aisleParsed',
  ...libraryFiles,
  'getProduct handler': 'handler',
  'JSON of the same document': 'pageJson',
  'storefront page': 'storefrontPage',
  'JSON of a full document': 'fullPageJson',
  'full storefront page': 'fullStorefrontPage',
}

/** Ends the name of a library that caches the response text, so that a hit needs no `JSON.stringify`. */
export const textCached = ', text cached'

/**
 * Opens a contender by its name.
 *
 * @param name may end with {@link textCached} for a library, and with {@link beforeSuffix} for a contender of this
 *   project
 * @param load reads a product
 * @throws {Error} if no contender has this name
 */
export async function openContender(
  name: string,
  {
    load,
    prefix = 'aisle',
    ...options
  }: Omit<ContenderOptions, 'name' | 'prefix' | 'toText'> & { prefix?: string },
): Promise<Contender> {
  const file = files[name.replace(textCached, '').replace(beforeSuffix, '')]
  if (!file) throw new Error(`No contender is called ${name}`)
  // A computed path: the type check of the project must not need the packages of the benchmarks.
  const { open }: { open: Open } = await import(`../contenders/${file}.ts`)
  const shared = { ...options, name, prefix }
  return name.endsWith(textCached)
    ? open({ ...shared, load: async (id) => JSON.stringify(await load(id)), toText: String })
    : open({ ...shared, load, toText: JSON.stringify })
}

/** Parses the URL of a Redis. A cluster is named by any of its nodes, and has only database 0. */
export function parseRedisUrl(redisUrl: string) {
  const { protocol, hostname, port, pathname } = new URL(redisUrl)
  return {
    isCluster: protocol === 'redis-cluster:',
    host: hostname,
    port: Number(port),
    db: Number(pathname.slice(1)),
  }
}
