import { cost } from './prices.ts'

export const hoursPerMonth = 730
export const secondsPerMonth = hoursPerMonth * 3600

/** A kind of response, and what it takes to answer with it. */
export interface Document {
  name: string
  /**
   * What a hit transfers from the cache, KB. A read costs one ECPU for each KB, so this is also the cost of a hit in
   * ECPUs.
   */
  kB: number
  /** The memory of an entry in the cache, bytes. */
  entryBytes: number
  /** The read request units of a load. */
  readUnits: number
  /** How long a load takes, ms. */
  loadMs: number
}

/** One item of 2.5 KB, read consistently. `entryBytes` was measured: bench/results/cacheAside.json. */
export const product: Document = { name: 'a product', kB: 2.6, entryBytes: 2955, readUnits: 1, loadMs: 5 }

/**
 * The product page (document) of GET /products/{id}/page. Its read units are those of the product (1), of consistent
 * queries of 25 reviews and replies (4), of two queries of keys (0.5 each, eventually consistent), and of eight cards
 * (8).
 */
export const page: Document = {
  name: 'a product page document',
  kB: 12,
  entryBytes: 12_550,
  readUnits: 14,
  loadMs: 13,
}

/** The assumptions about a request. Check those that were not measured against the deployed functions. */
export const request = {
  memoryGB: 0.5,
  /** What Lambda bills for a hit, ms. Without the cache it bills as much in addition to the load. */
  hitMs: 2,
  /** What Lambda bills for a miss in addition to the load, ms: two round trips more than for a hit. */
  missMs: 4,
  /** Our own line has 380 bytes for a hit and 600 for a miss. Lambda's START, END and REPORT are the rest. */
  logBytes: 700,
  accessLogBytes: 350,
  /** The ECPUs of a miss without the transfer of the fill: a GET that finds nothing, the lease, the fill. */
  missEcpus: 1 + 2 + 1,
  /** How long an entry lives, s: `ttl` of lib/cacheAside. */
  ttl: 60,
  /**
   * How often a sandbox that only reads proves that its cache accepts removals, s: lib/cacheAside/guards/breaker.ts.
   */
  proofEvery: 5,
  /** The size of an answer with its headers, KB. */
  answerKB: 3.1,
}

/** The parts of a bill, USD. */
export interface Bill {
  'HTTP API': number
  'Lambda, requests': number
  'Lambda, time': number
  logs: number
  'DynamoDB, reads': number
  'cache, ECPUs': number
}

/**
 * Returns what this number of requests at the origin costs within a month.
 *
 * @param hitRatio undefined without a cache
 */
export function bill(
  requests: number,
  { kB, readUnits, loadMs }: Document,
  hitRatio: number | undefined,
): Bill {
  const millions = requests / 1e6
  const hits = hitRatio ?? 0
  const misses = 1 - hits
  const ms =
    hitRatio === undefined
      ? request.hitMs + loadMs
      : hits * request.hitMs + misses * (request.missMs + loadMs)
  const ecpus = hitRatio === undefined ? 0 : hits * kB + misses * (request.missEcpus + kB)
  return {
    'HTTP API': cost('httpApi', millions),
    'Lambda, requests': cost('lambdaRequest', millions),
    'Lambda, time': cost('lambdaTime', (requests * ms * request.memoryGB) / 1000),
    logs:
      cost('lambdaLogs', (requests * request.logBytes) / 1e9) +
      cost('accessLogs', (requests * request.accessLogBytes) / 1e9),
    'DynamoDB, reads': cost('read', millions * misses * readUnits),
    'cache, ECPUs': cost('ecpu', millions * ecpus),
  }
}

/**
 * Returns the size of the cache's content, GB. Each entry lives for `ttl` from its load, and each load is a miss. The
 * cache therefore holds as many entries as there are misses within `ttl` (Little's law), and not the whole catalogue.
 */
export const cachedGB = (rate: number, { entryBytes }: Document, hitRatio: number): number =>
  (rate * (1 - hitRatio) * request.ttl * entryBytes) / 1e9

/** Returns the cost of a month of storage in the cache, USD. AWS bills at least 0.1 GB. */
export const storage = (gb: number): number => cost('cacheStorage', Math.max(0.1, gb) * hoursPerMonth)

/**
 * Returns the bill of a month at a constant rate (requests/s at the origin), the cost of the cache's storage, and their
 * sum.
 */
export function month(rate: number, document: Document, hitRatio: number | undefined) {
  const parts = bill(rate * secondsPerMonth, document, hitRatio)
  const stored = hitRatio === undefined ? 0 : storage(cachedGB(rate, document, hitRatio))
  return { parts, stored, total: total(parts) + stored }
}

export const total = (parts: Bill): number => Object.values(parts).reduce((sum, part) => sum + part, 0)

/** Returns the monthly cost of the parts that a cache changes, USD: reads, Lambda's time and the cache itself. */
export function readSide(rate: number, document: Document, hitRatio: number | undefined): number {
  const { parts, stored } = month(rate, document, hitRatio)
  return parts['DynamoDB, reads'] + parts['Lambda, time'] + parts['cache, ECPUs'] + stored
}

/** Returns the rate from which the cache saves more than it costs, requests/s; undefined if it never does. */
export function breakEven(document: Document, hitRatio: number): number | undefined {
  const saves = (rate: number) => readSide(rate, document, undefined) > readSide(rate, document, hitRatio)
  let low = 1e-3
  let high = 1e6
  if (!saves(high)) return undefined
  while (high / low > 1.0001) {
    const middle = Math.sqrt(low * high)
    if (saves(middle)) high = middle
    else low = middle
  }
  return high
}
