import { directive } from './emf.ts'
import { hundredths } from './hundredths.ts'
import type { Counter, RequestMetrics, Waited } from './requestMetrics.ts'

/** What a request's line says beside its answer and its metrics. */
interface About {
  /** From the event to the answer. */
  ms: number
  waited: Waited
  requestId: string | undefined
  /** What was thrown, where the answer is 5xx. */
  failure: unknown
}

/**
 * Makes the one line of a request that is its log and its metrics at once, in CloudWatch's embedded metric format. What
 * is zero is left out. Put together by hand: it is part of every hit.
 *
 * @param route such as `GET /products/{id}`, the dimension of the metrics
 */
export function requestLine(route: string) {
  const name = `","route":${JSON.stringify(route)},"status":`
  return (
    { statusCode, headers }: { statusCode: number; headers: Record<string, string> },
    { counters, amounts, warnings, breaker }: RequestMetrics,
    { ms, waited, requestId, failure }: About,
  ): string => {
    const level = failure !== undefined ? 'error' : warnings ? 'warn' : 'info'
    let line = `{"level":"${level}${name}${statusCode}`
    const cache = headers['cache-status']
    // Made of fixed words and numbers: nothing in it needs an escape.
    if (cache !== undefined) line += `,"cache":"${cache}"`
    line += `,"ms":${hundredths(ms)}`
    if (waited.cache !== undefined) line += `,"cacheMs":${hundredths(waited.cache)}`
    if (waited.db !== undefined) line += `,"dbMs":${hundredths(waited.db)}`
    if (requestId !== undefined) line += `,"requestId":${JSON.stringify(requestId)}`
    if (breaker) line += `,"breaker":"${breaker}"`
    if (warnings) line += `,"warnings":${JSON.stringify(warnings)}`
    if (failure !== undefined) line += `,"error":${JSON.stringify(told(failure))}`
    let counted = none
    for (let at = 0; at < counters.length; at++) {
      counted = counted.and(counters[at] as Counter)
      line += counted.member + amounts[at]
    }
    // A line without metrics is a line of log and no more.
    if (counted !== none) line += `,"_aws":{"Timestamp":${Date.now()}${counted.directive}`
    return `${line}}\n`
  }
}

/** An error with all its causes, for those who mend it. */
function told(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const stack = error.stack ?? String(error)
  return error.cause === undefined ? stack : `${stack}\ncaused by ${told(error.cause)}`
}

/**
 * What has been counted of a request, one after the other. A tree, since a text of all their names would have to be put
 * together and hashed for each request. It has as many nodes as there are ways in which a request can go: some dozens.
 */
class Counted {
  /** How the member of the last one begins. */
  readonly member: string
  /** Tells CloudWatch which members of the line are metrics; after the time stamp. */
  readonly directive: string
  readonly #names: Counter[]
  readonly #next = new Map<Counter, Counted>()

  constructor(names: Counter[]) {
    this.#names = names
    this.member = `,"${names.at(-1)}":`
    this.directive = directive('route', names)
  }

  and(counter: Counter): Counted {
    const known = this.#next.get(counter)
    if (known) return known
    const made = new Counted([...this.#names, counter])
    this.#next.set(counter, made)
    return made
  }
}

const none = new Counted([])
