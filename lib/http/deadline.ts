import { Problem } from './problem.ts'

/** How often it is looked whether a request is late, ms. */
const everyMs = 50

/** A request under way. */
export class Pending {
  /** When it must be answered, by performance.now(). */
  readonly deadline: number
  /** Answers it with an error, unless it is answered. */
  readonly fail: (error: Problem) => void

  constructor(deadline: number, fail: (error: Problem) => void) {
    this.deadline = deadline
    this.fail = fail
  }
}

const underWay = new Set<Pending>()
let timer: NodeJS.Timeout | undefined

/**
 * Makes a request fail with 503 when its deadline is over, at most 50 ms after it, unless it is {@link settled} before.
 * One timer serves all requests, since a timer for each would be a good part of what a hit costs.
 */
export function watch(request: Pending): void {
  underWay.add(request)
  // Not unref'ed: a process that waits for an answer lives until there is one.
  timer ??= setInterval(look, everyMs)
}

export function settled(request: Pending): void {
  underWay.delete(request)
}

function look(): void {
  if (underWay.size === 0) {
    clearInterval(timer)
    timer = undefined
    return
  }
  const now = performance.now()
  for (const request of underWay) {
    if (request.deadline > now) continue
    // The answer may have come while this process was busy or frozen: it is taken up before this one.
    setImmediate(() => request.fail(tookTooLong()))
  }
}

const tookTooLong = () =>
  new Problem(
    503,
    'took-too-long',
    'This took too long; a change may have been made all the same: try again',
    {
      headers: { 'retry-after': '1' },
    },
  )
