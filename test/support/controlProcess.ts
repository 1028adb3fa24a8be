import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { readSetup, serve } from './serve.ts'

/**
 * A bare client that sends PING to a Redis every few milliseconds. Its longest wait shows whether this machine was able
 * to meet a time limit at all. Started by ./control.ts.
 */
const redis = new Redis(readSetup<{ port: number }>().port, '127.0.0.1')
const pauseMs = 4
let longest = 0

const methods = {
  async begin() {
    await redis.ping()
    longest = 0
  },
  /** Returns the longest wait since `begin`, ms. */
  async longest() {
    return longest
  },
}
export type ControlMethods = typeof methods

async function watch(): Promise<never> {
  for (;;) {
    // Measured from the planned time: if this process is too late to send the command, that is a wait as well.
    const due = performance.now() + pauseMs
    await sleep(pauseMs)
    await redis.ping()
    longest = Math.max(longest, performance.now() - due)
  }
}

serve(methods)
void watch()
