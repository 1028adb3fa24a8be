import { cost } from './prices.ts'

export const hoursPerMonth = 730
export const secondsPerMonth = hoursPerMonth * 3600

/** What is asked for, and what it takes to answer. */
export interface Document {
  name: string
  /** What a hit brings from the cache, KB. Of a small command's ECPU each KB counts, so a hit costs as many. */
  kB: number
  /** What an entry takes in the cache, bytes. */
  entryBytes: number
  /** What a load reads from DynamoDB, read request units. */
  readUnits: number
  /** How long that takes, ms. */
  loadMs: number
}

/** One item of 2.5 KB, read consistently. The entry's bytes are measured: bench/results/cacheAside.json. */
export const product: Document = { name: 'a product', kB: 2.6, entryBytes: 2955, readUnits: 1, loadMs: 5 }

/**
 * What GET /products/{id}/page composes: the product (1), a consistent query of 25 reviews and replies (4), a query of
 * nine keys (0.5) and eight cards (4), read eventually consistent.
 */
export const page: Document = {
  name: 'a product page',
  kB: 12,
  entryBytes: 12_550,
  readUnits: 9.5,
  loadMs: 13,
}

/** What a request takes. Those that are not measured are to be read off the deployed functions. */
export const request = {
  memoryGB: 0.5,
  /** What Lambda bills for a hit, ms; without the cache as much beside the load; for a miss two round trips more. */
  hitMs: 2,
  missMs: 4,
  /** A hit's own line has 380 bytes, a miss's 600; START, END and REPORT of Lambda the rest. */
  logBytes: 700,
  accessLogBytes: 350,
  /** A miss's commands beside the transfer of the fill: a GET that finds nothing, the lease, the fill. */
  missEcpus: 1 + 2 + 1,
  /** How long an entry lives, s: `ttl` of lib/cacheAside. */
  ttl: 60,
  /** How often a sandbox that only reads proves that its cache takes removals, s: lib/cacheAside/guards/breaker.ts. */
  proofEvery: 5,
  /** The answer with its headers, KB. */
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
 * What some requests at the origin cost within a month.
 *
 * @param hitRatio undefined: there is no cache
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
 * What the cache holds, GB. Whatever was loaded lives for `ttl`, and a load is a miss: so it holds as many entries as
 * there are misses within that time (Little's law), and not the catalogue.
 */
export const cachedGB = (rate: number, { entryBytes }: Document, hitRatio: number): number =>
  (rate * (1 - hitRatio) * request.ttl * entryBytes) / 1e9

/** What a month of storage in the cache costs, USD, the least of it included. */
export const storage = (gb: number): number => cost('cacheStorage', Math.max(0.1, gb) * hoursPerMonth)

/** A month at a constant rate, requests/s at the origin: the bill, the storage of the cache, and both together. */
export function month(rate: number, document: Document, hitRatio: number | undefined) {
  const parts = bill(rate * secondsPerMonth, document, hitRatio)
  const stored = hitRatio === undefined ? 0 : storage(cachedGB(rate, document, hitRatio))
  return { parts, stored, total: total(parts) + stored }
}

export const total = (parts: Bill): number => Object.values(parts).reduce((sum, part) => sum + part, 0)

/** Only what a cache changes: reads, Lambda's time and the cache itself, USD a month. */
export function readSide(rate: number, document: Document, hitRatio: number | undefined): number {
  const { parts, stored } = month(rate, document, hitRatio)
  return parts['DynamoDB, reads'] + parts['Lambda, time'] + parts['cache, ECPUs'] + stored
}

/** The rate from which on the cache costs less than it saves, requests/s; undefined: at none. */
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
