import { setTimeout as sleep } from 'node:timers/promises'

/** Returns a function that waits for its turn: no more than `perSecond` turns begin in a second, evenly spaced. */
export function createPace(perSecond: number): () => Promise<void> {
  let nextAt = 0
  return async () => {
    const now = performance.now()
    const at = Math.max(now, nextAt)
    nextAt = at + 1000 / perSecond
    if (at > now) await sleep(at - now)
  }
}
