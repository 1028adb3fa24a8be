import { afterAll } from 'vitest'

/**
 * Returns a function that registers clean-up steps. They run after the test file, last registered first, and all of them
 * run even if one fails. Call it before anything starts, so that a failed start is cleaned up as well.
 */
export function fileCleanup(): (stop: () => unknown) => void {
  const stops: (() => unknown)[] = []
  afterAll(async () => {
    const failures: unknown[] = []
    for (const stop of stops.reverse()) {
      try {
        await stop()
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length > 0) throw failures[0]
  })
  return (stop) => void stops.push(stop)
}
