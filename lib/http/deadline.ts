import { Problem } from './problem.ts'

/** How often the deadlines are checked, in ms. */
const checkEveryMs = 50

/** A request that has no response yet. */
export class PendingRequest {
  /** When it must have its response, by performance.now(). */
  readonly deadline: number
  /** Responds with an error if the request has no response yet. */
  readonly fail: (error: Problem) => void
  /** Its index among the requests that are watched; below zero if it is not. */
  place = -1

  constructor(deadline: number, fail: (error: Problem) => void) {
    this.deadline = deadline
    this.fail = fail
  }
}

/** In no order. Not a Set: that computes a hash for each object, which costs a third of a hit. */
const pending: PendingRequest[] = []
let timer: NodeJS.Timeout | undefined

/**
 * Fails a request with 503 at most 50 ms after its deadline, unless {@link stopWatching} is called before. One timer
 * serves all requests: a timer for each request would be a large part of what a hit costs.
 */
export function watchDeadline(request: PendingRequest): void {
  request.place = pending.push(request) - 1
  // Not unref'ed: a process lives until its requests have a response.
  timer ??= setInterval(failOverdue, checkEveryMs)
}

/** Stops watching a request, if it is watched. The last request moves to its place. */
export function stopWatching(request: PendingRequest): void {
  const { place } = request
  if (place < 0) return
  request.place = -1
  const last = pending.pop()
  if (last === undefined || last === request) return
  last.place = place
  pending[place] = last
}

function failOverdue(): void {
  if (pending.length === 0) {
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
