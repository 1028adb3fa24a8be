import { Problem } from './problem.ts'

/** How often it is looked whether a request is late, ms. */
const everyMs = 50

/** A request under way, in the list of all. */
export class Pending {
  /** When it must be answered, by performance.now(). */
  readonly deadline: number
  /** Answers it with an error, unless it is answered. */
  readonly fail: (error: Problem) => void
  older: Pending | undefined
  newer: Pending | undefined

  constructor(deadline: number, fail: (error: Problem) => void) {
    this.deadline = deadline
    this.fail = fail
  }
}

let oldest: Pending | undefined
let newest: Pending | undefined
let timer: NodeJS.Timeout | undefined

/**
 * Makes a request fail with 503 when its deadline is over, at most 50 ms after it, unless it is {@link settled} before.
 * One timer serves all requests, since a timer for each would be a good part of what a hit costs. The list is linked by
 * hand, since a Set has to compute a hash for each.
 */
export function watch(request: Pending): void {
  request.older = newest
  if (newest) newest.newer = request
  else oldest = request
  newest = request
  // Not unref'ed: a process that waits for an answer lives until there is one.
  timer ??= setInterval(look, everyMs)
}

export function settled(request: Pending): void {
  if (request.older) request.older.newer = request.newer
  else if (oldest === request) oldest = request.newer
  if (request.newer) request.newer.older = request.older
  else if (newest === request) newest = request.older
}

function look(): void {
  if (!oldest) {
    clearInterval(timer)
    timer = undefined
    return
  }
  const now = performance.now()
  for (let request: Pending | undefined = oldest; request; request = request.newer) {
    if (request.deadline > now) continue
    const late = request
    // The answer may have come while this process was busy or frozen: it is taken up before this one.
    setImmediate(() => late.fail(tookTooLong()))
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
