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

/**
 * The result of a promise that Redis settles.
 *
 * @param ms of {@link attended}
 * @throws CacheTimeout after them; what comes later is dropped
 */
export function heardWithin<T>(ms: number, promise: Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    // Unref'ed: the timer below keeps a process alive that waits.
    ticker ??= setInterval(tick, tickMs).unref()
    waiting++
    const end = attended() + ms
    let timer: NodeJS.Timeout
    const rest = (left: number): void => {
      timer = setTimeout(look, Math.max(0, left))
    }
    const look = (): void => {
      const left = end - attended()
      if (left > 0.5) rest(left)
      // An answer may lie in the socket: it is taken up before the time-out is.
      else setImmediate(() => leave(() => reject(new CacheTimeout())))
    }
    let isOver = false
    const leave = (settle: () => void): void => {
      if (isOver) return
      isOver = true
      waiting--
      clearTimeout(timer)
      settle()
    }
    rest(ms)
    promise.then(
      (value) => leave(() => resolve(value)),
      (error) => leave(() => reject(error)),
    )
  })
}
