import { type Counter, metricsNamespace, type Tally, units, type Waited } from '../tally.ts'
import type { Response } from './response.ts'

/** What a request's line says beside its answer and its tally. */
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
    { statusCode, headers }: Response,
    { counts, warnings, breaker }: Tally,
    { ms, waited, requestId, failure }: About,
  ): string => {
    const level = failure !== undefined ? 'error' : warnings ? 'warn' : 'info'
    let line = `{"level":"${level}${name}${statusCode}`
    const cache = headers['cache-status']
    if (cache !== undefined) line += `,"cache":${JSON.stringify(cache)}`
    line += `,"ms":${hundredths(ms)}`
    if (waited.cache !== undefined) line += `,"cacheMs":${hundredths(waited.cache)}`
    if (waited.db !== undefined) line += `,"dbMs":${hundredths(waited.db)}`
    if (requestId !== undefined) line += `,"requestId":${JSON.stringify(requestId)}`
    if (breaker) line += `,"breaker":"${breaker}"`
    if (warnings) line += `,"warnings":${JSON.stringify(warnings)}`
    if (failure !== undefined) line += `,"error":${JSON.stringify(told(failure))}`
    let counted = ''
    for (const [counter, value] of counts) {
      line += `,"${counter}":${value}`
      counted += `${counter} `
    }
    // A line without metrics is a line of log and no more.
    if (counted) line += `,"_aws":{"Timestamp":${Date.now()}${directive(counted)}`
    return `${line}}\n`
  }
}

const hundredths = (ms: number): number => Math.round(ms * 100) / 100

/** An error with all its causes, for those who mend it. */
function told(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const stack = error.stack ?? String(error)
  return error.cause === undefined ? stack : `${stack}\ncaused by ${told(error.cause)}`
}

/** There are as many as there are ways in which a request can go: some dozens. */
const directives = new Map<string, string>()

/** What tells CloudWatch which members of the line are metrics; after the time stamp. */
function directive(counted: string): string {
  const known = directives.get(counted)
  if (known) return known
  const names = counted.trim().split(' ') as Counter[]
  const metrics = names.map((Name) => ({ Name, Unit: units[Name] }))
  const all = [{ Namespace: metricsNamespace, Dimensions: [['route']], Metrics: metrics }]
  const made = `,"CloudWatchMetrics":${JSON.stringify(all)}}`
  directives.set(counted, made)
  return made
}
