import type { LogFormat } from './format.ts'

/** What a function writes about a request, a job, a batch of the stream, or itself. See docs/logs-and-metrics.md. */
interface FunctionLine {
  level: 'info' | 'warn' | 'error'
  route?: string
  job?: string
  stream?: string
  message?: string
  error?: string
  warnings?: string[]
  reasons?: string[]
  [field: string]: unknown
}

interface Options {
  format: LogFormat
  print: (line: string) => void
  /** Whether it is known that Redis is lost. What follows from that is not printed again. */
  isRedisAway: () => boolean
}

/**
 * Returns a function that receives each line that serverless-offline prints, and prints what a developer needs of it.
 *
 * In the format `json` it prints every line. In the format `short`:
 *
 * - The line of a request is printed by the proxy, which knows its path. Here only an error and warnings are added.
 * - A job and a batch of the stream print one line if something is wrong, and nothing otherwise. The same holds for a
 *   job that throws: its stack is left out.
 * - Everything else is printed, such as what a function writes with console.log.
 */
export function createFunctionLines({ format, print, isRedisAway }: Options): (line: string) => void {
  if (format === 'json') return print
  /** The function whose exception is being printed over several lines. */
  let failing: string | undefined
  return (line) => {
    const [, thrower] = /^\S Unhandled exception in handler '(\w+)'\.$/.exec(line) ?? []
    if (thrower !== undefined && isBackground(thrower)) {
      failing = thrower
      return
    }
    if (failing !== undefined) {
      const [, reason] = /^\S (\w*Error: .*)$/.exec(line) ?? []
      if (reason !== undefined && !isRedisAway()) print(`${failing} failed: ${reason}`)
      if (reason !== undefined || isRestOfException(line)) return
      failing = undefined
    }
    if (isRestOfJob(line)) return
    const parsed = parseLine(line)
    if (parsed) for (const each of describe(parsed, isRedisAway())) print(each)
    else print(line)
  }
}

/** Whether a function answers no request. An exception of any other function is a fault of this project, printed whole. */
const isBackground = (name: string): boolean => ['warm', 'audit', 'onProductChange'].includes(name)

const isRestOfException = (line: string): boolean =>
  /^\s+at |^\S Unhandled Lambda Error during invoke of /.test(line)

/** Lines of serverless-offline about a scheduled job, which has printed or failed already. */
const isRestOfJob = (line: string): boolean =>
  /^\S? ?(Successfully invoked scheduled function|Failed to execute scheduled function): \[/.test(line)

function parseLine(line: string): FunctionLine | undefined {
  if (!line.startsWith('{"level":')) return undefined
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

/** Returns the lines to print for a function's line. */
function describe({ level, ...line }: FunctionLine, isRedisAway: boolean): string[] {
  if (line.message !== undefined)
    return [line.error === undefined ? line.message : `${line.message}: ${line.error}`]
  if (level === 'error' && line.error !== undefined) {
    // A server that is away needs no stack, and every request would print one.
    const error =
      line.status === 503 ? line.error.replace(/\n +at .*/g, '').replaceAll('\n', ' ') : line.error
    return [`${line.route ?? 'A function'} failed: ${error}`]
  }
  // The line of the request shows that Redis did not answer, and RedisNotice says so once.
  if (level !== 'warn' || isRedisAway || failedOpen(line)) return []
  if (line.route !== undefined) return (line.warnings ?? []).map((warning) => `${line.route}: ${warning}`)
  const counts = Object.entries(line).filter(([, value]) => typeof value === 'number' && value > 0)
  const reasons = line.reasons?.length ? `. ${line.reasons.join('. ')}` : ''
  return [
    `${line.job ?? line.stream ?? 'A function'}: ${counts.map(([name, value]) => `${value} ${name}`).join(', ')}${reasons}`,
  ]
}

/** Whether a request's warnings are about Redis. */
const failedOpen = (line: Record<string, unknown>): boolean =>
  Object.keys(line).some((name) => /^(failOpensRedis|deferredInvalidations)/.test(name))
