import { CacheTimeout } from './budget.ts'

/** How often the clock looks whether this process is there, ms. */
const tickMs = 10
/** What counts at the most between two looks, ms: a timer comes a little late by itself. */
const countsMs = 1.5 * tickMs

let counted = 0
let lookedAt = 0
let waiting = 0
let ticker: NodeJS.Timeout | undefined

/**
 * A clock in ms that runs only while this process could hear an answer: not while it was frozen, nor while it waited for
 * a processor. A sandbox with 0.3 of a processor stands still for 70 of 100 ms, which says nothing of Redis. Runs while
 * {@link heardWithin} waits.
 */
export function attended(): number {
  const now = performance.now()
  if (ticker) counted += Math.min(now - lookedAt, countsMs)
  lookedAt = now
  return counted
}

function tick(): void {
  attended()
  if (waiting > 0) return
  clearInterval(ticker)
  ticker = undefined
}

/** Who is to answer. */
interface Answerer {
  /** Milliseconds in which it could have answered. */
  clock: () => number
  /** What was wrong when it was last to be connected to. */
  trouble?: Error | undefined
}

const anybody: Answerer = { clock: attended }

/**
 * The result of a promise that Redis settles.
 *
 * @param ms by the clock of who is to answer
 * @param until when the caller's patience ends in any case, by performance.now()
 * @throws CacheTimeout after them; what comes later is dropped
 */
export function heardWithin<T>(
  ms: number,
  promise: Promise<T>,
  from: Answerer = anybody,
  until = Number.POSITIVE_INFINITY,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    // Unref'ed: the timer below keeps a process alive that waits.
    ticker ??= setInterval(tick, tickMs).unref()
    waiting++
    const end = from.clock() + ms
    let timer: NodeJS.Timeout
    const look = (): void => {
      const left = Math.min(end - from.clock(), until - performance.now())
      if (left > 0.5) timer = setTimeout(look, left)
      // An answer may lie in the socket: it is taken up before the time-out is.
      else setImmediate(() => leave(() => reject(new CacheTimeout(from.trouble))))
    }
    let isOver = false
    const leave = (settle: () => void): void => {
      if (isOver) return
      isOver = true
      waiting--
      clearTimeout(timer)
      settle()
    }
    timer = setTimeout(look, Math.max(0, Math.min(ms, until - performance.now())))
    promise.then(
      (value) => leave(() => resolve(value)),
      (error) => leave(() => reject(error)),
    )
  })
}
