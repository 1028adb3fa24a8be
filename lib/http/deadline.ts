import { Problem } from './problem.ts'

/** How often the deadlines are checked, in ms. */
const checkEveryMs = 50

/** A request that has no response yet. */
export class PendingRequest {
  /** When it must have its response, by performance.now(). */
  readonly deadline: number
  /** Responds with an error if the request has no response yet. */
  readonly fail: (error: Problem) => void

  constructor(deadline: number, fail: (error: Problem) => void) {
    this.deadline = deadline
    this.fail = fail
  }
}

const pending = new Set<PendingRequest>()
let timer: NodeJS.Timeout | undefined

/**
 * Fails a request with 503 at most 50 ms after its deadline, unless {@link stopWatching} is called before. One timer
 * serves all requests: a timer for each request would be a large part of what a hit costs.
 */
export function watchDeadline(request: PendingRequest): void {
  pending.add(request)
  // Not unref'ed: a process lives until its requests have a response.
  timer ??= setInterval(failOverdue, checkEveryMs)
}

export function stopWatching(request: PendingRequest): void {
  pending.delete(request)
}

function failOverdue(): void {
  if (pending.size === 0) {
    clearInterval(timer)
    timer = undefined
    return
  }
  const now = performance.now()
  for (const request of pending) {
    if (request.deadline > now) continue
    // A response may have arrived while this process was busy or frozen. setImmediate lets it come first.
    setImmediate(() => request.fail(tookTooLong()))
  }
}

const tookTooLong = () =>
  new Problem(
    503,
    'took-too-long',
    'The request took too long. A change may still have been made. Try again',
    {
      headers: { 'retry-after': '1' },
    },
  )
