import { beforeSuffix } from './engine.ts'

/** What every contender is given. */
export interface ContenderOptions {
  /** The one that it was asked for by. */
  name: string
  /** Such as `redis://127.0.0.1:6379/3`, the last being the number of the database, or `redis-cluster://127.0.0.1:6379`. */
  redisUrl: string
  /** Before the keys of lib/cacheAside and of the bare GET: several may share a cluster, which has a single database. */
  prefix: string
  /** Reads from the database. */
  load: (id: string) => Promise<unknown>
  /** Makes the response text of what a library hands out: of the value, or of the text where that is what it caches. */
  toText: (cached: unknown) => string
  /** ms */
  ttl: number
}

/** A cache as a benchmark sees it. */
export interface Contender {
  /** The response text for an id, from the cache or by loading. */
  text(id: string): Promise<string>
  invalidate(id: string): Promise<unknown>
  /** Throws where the text for an id is wrong; without it the text has to be the product's JSON. */
  check?(id: string, text: string): void
  close(): Promise<unknown>
}

export type Open = (options: ContenderOptions) => Promise<Contender>

/** The libraries, and the file in bench/contenders that sets each up. */
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

/** After the name of a library: it is given the text to cache, so that a hit needs no `JSON.stringify`. */
export const textCached = ', text cached'

/**
 * Opens a contender by its name, the one of a library with or without {@link textCached}, one of this project also with
 * {@link beforeSuffix}.
 *
 * @param load reads a product
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
  // Put together here, so that the types of the project do not depend on the packages of the benchmark.
  const { open }: { open: Open } = await import(`../contenders/${file}.ts`)
  const given = { ...options, name, prefix }
  return name.endsWith(textCached)
    ? open({ ...given, load: async (id) => JSON.stringify(await load(id)), toText: String })
    : open({ ...given, load, toText: JSON.stringify })
}

/** Where a Redis is. A cluster is known by any of its nodes, and has database 0 alone. */
export function addressOf(redisUrl: string) {
  const { protocol, hostname, port, pathname } = new URL(redisUrl)
  return {
    isCluster: protocol === 'redis-cluster:',
    host: hostname,
    port: Number(port),
    db: Number(pathname.slice(1)),
  }
}
