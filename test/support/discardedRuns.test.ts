import { expect, test } from 'vitest'
import { repeatDiscardedRuns } from './timed.ts'

/** Runs a test with these waits of the control, one for each run. The test fails in the runs of `failing`. */
async function simulate(waits: number[], failing: number[]) {
  let runs = 0
  const reports: string[] = []
  const setup = {
    control: { begin: async () => {}, longest: async () => waits[runs - 1] ?? 0 },
    reset: async () => void runs++,
  }
  const run = async () => {
    if (failing.includes(runs)) throw new Error(`fails in run ${runs}`)
  }
  const outcome = await repeatDiscardedRuns(setup, run, (report) => reports.push(report)).then(
    () => 'passed',
    String,
  )
  return { outcome, runs, reports }
}

test('a run that counts is not repeated, whether it passes or fails', async () => {
  expect(await simulate([50], [])).toEqual({ outcome: 'passed', runs: 1, reports: [] })
  expect(await simulate([3], [1])).toEqual({ outcome: 'Error: fails in run 1', runs: 1, reports: [] })
})

test('a discarded run is reported and repeated, whether it passes or fails', async () => {
  expect(await simulate([51, 3], [1])).toMatchObject({ outcome: 'passed', runs: 2 })
  expect(await simulate([51, 3], [2])).toMatchObject({ outcome: 'Error: fails in run 2', runs: 2 })
  expect((await simulate([51, 400, 3], [1])).reports).toEqual([
    'number 1 failed (Error: fails in run 1), but a bare client waited 51 ms',
    'number 2 passed, but a bare client waited 400 ms',
  ])
})

test('a test with three discarded runs fails, even if all of them passed', async () => {
  const { outcome, runs } = await simulate([60, 70, 80], [])
  expect(outcome).toBe('Error: The machine was too busy: in 3 runs a bare client waited 60, 70, 80 ms')
  expect(runs).toBe(3)
})
