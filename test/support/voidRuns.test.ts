import { expect, test } from 'vitest'
import { firstThatCounts } from './timed.ts'

/** A control that has waited so long in each run, and a test that fails in those that are named. */
async function outcomeOf(waits: number[], failing: number[]) {
  let runs = 0
  const told: string[] = []
  const ground = {
    control: { begin: async () => {}, longest: async () => waits[runs - 1] ?? 0 },
    reset: async () => void runs++,
  }
  const run = async () => {
    if (failing.includes(runs)) throw new Error(`fails in run ${runs}`)
  }
  const outcome = await firstThatCounts(ground, run, (what) => told.push(what)).then(() => 'passed', String)
  return { outcome, runs, told }
}

test('a run that counts is the only one, whether it passes or fails', async () => {
  expect(await outcomeOf([50], [])).toEqual({ outcome: 'passed', runs: 1, told: [] })
  expect(await outcomeOf([3], [1])).toEqual({ outcome: 'Error: fails in run 1', runs: 1, told: [] })
})

test('a void run does not count, whether it passes or fails, and is told', async () => {
  expect(await outcomeOf([51, 3], [1])).toMatchObject({ outcome: 'passed', runs: 2 })
  expect(await outcomeOf([51, 3], [2])).toMatchObject({ outcome: 'Error: fails in run 2', runs: 2 })
  expect((await outcomeOf([51, 400, 3], [1])).told).toEqual([
    'number 1, which failed (Error: fails in run 1): a bare client waited 51 ms',
    'number 2, which passed: a bare client waited 400 ms',
  ])
})

test('after three void runs the machine was too busy, though all of them passed', async () => {
  const { outcome, runs } = await outcomeOf([60, 70, 80], [])
  expect(outcome).toBe('Error: The machine was too busy: in 3 runs a bare client waited 60, 70, 80 ms')
  expect(runs).toBe(3)
})
