import { test } from 'vitest'
import type { Control } from './control.ts'

/** What a test with time in it needs beside itself. */
export interface Ground {
  control: Control
  /** Everything as at the start, all processes up and connected. */
  reset(): Promise<void>
}

/** A run in which the control once waited longer does not count, ms. */
const mostMs = 50
const mostRuns = 3

/**
 * A test of a promise about time. Where the control had to wait, no promise could be kept: that run is void, whatever
 * came of it, is told, and repeated. What counts is decided by the control and never by the outcome.
 *
 * @param options.timeout for all of its runs together, ms
 */
export function timed<G extends Ground>(
  name: string,
  ground: G,
  run: (ground: G) => Promise<void>,
  { timeout = mostRuns * 60_000 } = {},
): void {
  // Past the console, which is shown of failed tests only.
  const tell = (what: string) => void process.stderr.write(`Void run of "${name}": ${what}\n`)
  test(name, { timeout }, () => firstThatCounts(ground, run, tell))
}

/**
 * Runs it until a run counts, three times at the most.
 *
 * @param tell told of each run that was void
 * @throws what the run has thrown that counts, or an Error when each of three was void
 */
export async function firstThatCounts<G extends Ground>(
  ground: G,
  run: (ground: G) => Promise<void>,
  tell: (what: string) => void,
): Promise<void> {
  const waits: number[] = []
  while (waits.length < mostRuns) {
    await ground.reset()
    await ground.control.begin()
    const outcome = await run(ground).then(
      () => undefined,
      (error: unknown) => ({ error }),
    )
    const longest = await ground.control.longest()
    if (longest <= mostMs) {
      if (outcome) throw outcome.error
      return
    }
    waits.push(Math.round(longest))
    const came = outcome ? `failed (${String(outcome.error).split('\n')[0]})` : 'passed'
    tell(`number ${waits.length}, which ${came}: a bare client waited ${Math.round(longest)} ms`)
  }
  throw new Error(`The machine was too busy: in ${mostRuns} runs a bare client waited ${waits.join(', ')} ms`)
}
