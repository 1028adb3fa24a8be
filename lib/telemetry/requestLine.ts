import { describeError } from './describeError.ts'
import { metricsDirective } from './emf.ts'
import type { Counter, RequestMetrics, WaitTimes } from './requestMetrics.ts'
import { toFixed2 } from './toFixed.ts'

/** What a request's line says in addition to its response and its metrics. */
interface RequestFacts {
  /** From the event to the response. */
  ms: number
  waitTimes: WaitTimes
  requestId: string | undefined
  /** The error behind a 5xx response. */
  failure: unknown
}

/**
 * Returns a function that formats a request's line, which is both its log and its metrics, in CloudWatch's embedded
 * metric format. Values that are zero are left out. The JSON is concatenated by hand, because every hit pays for it.
 *
 * @param route such as `GET /products/{id}`, the dimension of the metrics
 */
export function requestLine(route: string) {
  const name = `","route":${JSON.stringify(route)},"status":`
  return (
    { statusCode, headers }: { statusCode: number; headers: Record<string, string> },
    { counters, amounts, warnings, breaker }: RequestMetrics,
    { ms, waitTimes, requestId, failure }: RequestFacts,
  ): string => {
    const level = failure !== undefined ? 'error' : warnings ? 'warn' : 'info'
    let line = `{"level":"${level}${name}${statusCode}`
    const cache = headers['cache-status']
    // Consists of fixed words and numbers, so it needs no escapes.
    if (cache !== undefined) line += `,"cache":"${cache}"`
    line += `,"ms":${toFixed2(ms)}`
    if (waitTimes.cache !== undefined) line += `,"cacheMs":${toFixed2(waitTimes.cache)}`
    if (waitTimes.db !== undefined) line += `,"dbMs":${toFixed2(waitTimes.db)}`
    if (requestId !== undefined) line += `,"requestId":${JSON.stringify(requestId)}`
    if (breaker) line += `,"breaker":"${breaker}"`
    if (warnings) line += `,"warnings":${JSON.stringify(warnings)}`
    if (failure !== undefined) line += `,"error":${JSON.stringify(formatError(failure))}`
    let sequence = emptySequence
    for (let at = 0; at < counters.length; at++) {
      sequence = sequence.append(counters[at] as Counter)
      line += sequence.lastMember + amounts[at]
    }
    // Without `_aws` the line is only log.
    if (sequence !== emptySequence) line += `,"_aws":{"Timestamp":${Date.now()}${sequence.directive}`
    return `${line}}\n`
  }
}

/** Formats an error with its stack and all its causes. */
function formatError(error: unknown): string {
  const text = describeError(error) + formatFrames(error)
  return error instanceof Error && error.cause !== undefined
    ? `${text}\ncaused by ${formatError(error.cause)}`
    : text
}

/** Returns the stack without the message that precedes it. */
function formatFrames(error: unknown): string {
  const stack = (error instanceof Error && error.stack) || ''
  const at = stack.search(/\n {4}at /)
  return at < 0 ? '' : stack.slice(at)
}

/**
 * The counters of a request in the order in which they were first counted. Each sequence is a node of a tree, so that
 * it is found without concatenating and hashing the names for every request. The tree has one node for each way in
 * which a request can go: some dozens.
 */
class CounterSequence {
  /** The name of the last counter, as the beginning of its JSON member. */
  readonly lastMember: string
  /** Declares the counters as metrics of the line; follows the time stamp. */
  readonly directive: string
  readonly #names: Counter[]
  readonly #next = new Map<Counter, CounterSequence>()

  constructor(names: Counter[]) {
    this.#names = names
    this.lastMember = `,"${names.at(-1)}":`
    this.directive = metricsDirective('route', names)
  }

  append(counter: Counter): CounterSequence {
    const known = this.#next.get(counter)
    if (known) return known
    const created = new CounterSequence([...this.#names, counter])
    this.#next.set(counter, created)
    return created
  }
}

const emptySequence = new CounterSequence([])
