import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { serve, setupOf } from './serve.ts'

/**
 * A bare client that asks a Redis for nothing but PONG, every few milliseconds: how long it once had to wait says
 * whether this machine could keep a promise at all. Started by ./control.ts.
 */
const redis = new Redis(setupOf<{ port: number }>().port, '127.0.0.1')
const pauseMs = 4
let longest = 0

const methods = {
  async begin() {
    await redis.ping()
    longest = 0
  },
  /** The longest that it has waited since `begin`, ms. */
  async longest() {
    return longest
  },
}
export type ControlMethods = typeof methods

async function watch(): Promise<never> {
  for (;;) {
    // From when it should have been sent: a process that does not come to send it has waited as well.
    const due = performance.now() + pauseMs
    await sleep(pauseMs)
    await redis.ping()
    longest = Math.max(longest, performance.now() - due)
  }
}

serve(methods)
void watch()
