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
 * Returns the time in ms of a clock that runs only while this process could receive a reply. It stands
 * still while the process is frozen or waits for a CPU: a sandbox with 0.3 of a CPU stands still for 70 of
 * every 100 ms, and that says nothing about Redis. The clock runs between {@link startClock} and
 * {@link stopClock}.
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

/** Starts the clock, or keeps it running, until {@link stopClock} is called as often. */
export function startClock(): void {
  // Unref'ed: each wait has its own timer, which keeps the process alive.
  ticker ??= setInterval(tick, tickMs).unref()
  waiting++
}

/** Ends one use of the clock. It stops at its next tick if no use is left. */
export function stopClock(): void {
  waiting--
}
