import { CacheTimeout } from './timeout.ts'

/** How often the clock checks that this process is running, in ms. */
const tickMs = 10
/**
 * The most that the clock advances between two checks, in ms. It is above `tickMs`, because timers fire a
 * little late.
 */
const maxStepMs = 1.5 * tickMs

let elapsedMs = 0
let checkedAt = 0
let waiting = 0
let ticker: NodeJS.Timeout | undefined

/**
 * Returns the time in ms of a clock that runs only while this process could receive an answer. It stands
 * still while the process is frozen or waits for a CPU: a sandbox with 0.3 of a CPU stands still for 70 of
 * every 100 ms, and that says nothing about Redis. The clock runs while {@link replyWithin} waits.
 */
export function processTime(): number {
  const now = performance.now()
  if (ticker) elapsedMs += Math.min(now - checkedAt, maxStepMs)
  checkedAt = now
  return elapsedMs
}

function tick(): void {
  processTime()
  if (waiting > 0) return
  clearInterval(ticker)
  ticker = undefined
}

/** The server that has to reply. */
interface Replier {
  /** A clock in ms that runs only while the server could have replied. */
  clock: () => number
  /** Why the last attempt to connect to it failed. */
  connectError?: Error | undefined
}

const anyServer: Replier = { clock: processTime }

/**
 * Settles as a promise does that depends on Redis, if that happens in time.
 *
 * @param ms the limit, by the clock of the server that has to reply
 * @param until when the caller stops waiting in any case, by performance.now()
 * @throws {CacheTimeout} after that time; a later reply is dropped
 */
export function replyWithin<T>(
  ms: number,
  promise: Promise<T>,
  from: Replier = anyServer,
  until = Number.POSITIVE_INFINITY,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    // Unref'ed: the timer below keeps alive a process that waits.
    ticker ??= setInterval(tick, tickMs).unref()
    waiting++
    const end = from.clock() + ms
    let timer: NodeJS.Timeout
    const checkTime = (): void => {
      const left = Math.min(end - from.clock(), until - performance.now())
      if (left > 0.5) timer = setTimeout(checkTime, left)
      // A reply may already be in the socket: setImmediate processes it before the timeout.
      else setImmediate(() => finish(() => reject(new CacheTimeout(from.connectError))))
    }
    let isFinished = false
    const finish = (settle: () => void): void => {
      if (isFinished) return
      isFinished = true
      waiting--
      clearTimeout(timer)
      settle()
    }
    timer = setTimeout(checkTime, Math.max(0, Math.min(ms, until - performance.now())))
    promise.then(
      (value) => finish(() => resolve(value)),
      (error) => finish(() => reject(error)),
    )
  })
}
