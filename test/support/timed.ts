import { test } from 'vitest'
import type { Control } from './control.ts'

/** What every timed test needs. */
export interface TimedSetup {
  control: Control
  /** Restores the initial state, with all processes running and connected. */
  reset(): Promise<void>
}

/** A run is discarded if the control waited longer than this once, ms. */
const longestWaitMs = 50
const mostRuns = 3

/**
 * Defines a test of a promise about time. If the control had to wait, the machine was too busy for the promise. Such a
 * run is discarded whether it passed or failed, is reported, and is repeated. Only the control decides which run counts.
 *
 * @param options.timeout for all runs together, ms
 */
export function timed<S extends TimedSetup>(
  name: string,
  setup: S,
  run: (setup: S) => Promise<void>,
  { timeout = mostRuns * 60_000 } = {},
): void {
  // Not through the console, which Vitest shows for failed tests only.
  const report = (message: string) => void process.stderr.write(`Discarded run of "${name}": ${message}\n`)
  test(name, { timeout }, () => repeatDiscardedRuns(setup, run, report))
}

/**
 * Repeats a test until a run counts, up to three times.
 *
 * @param report called for each discarded run
 * @throws the error of the run that counts, or an Error if all three runs were discarded
 */
export async function repeatDiscardedRuns<S extends TimedSetup>(
  setup: S,
  run: (setup: S) => Promise<void>,
  report: (message: string) => void,
): Promise<void> {
  const waits: number[] = []
  while (waits.length < mostRuns) {
    await setup.reset()
    await setup.control.begin()
    const failure = await run(setup).then(
      () => undefined,
      (error: unknown) => ({ error }),
    )
    const longest = await setup.control.longest()
    if (longest <= longestWaitMs) {
      if (failure) throw failure.error
      return
    }
    waits.push(Math.round(longest))
    const outcome = failure ? `failed (${String(failure.error).split('\n')[0]})` : 'passed'
    report(`number ${waits.length} ${outcome}, but a bare client waited ${Math.round(longest)} ms`)
  }
  throw new Error(`The machine was too busy: in ${mostRuns} runs a bare client waited ${waits.join(', ')} ms`)
}
