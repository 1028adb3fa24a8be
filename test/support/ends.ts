import { afterAll } from 'vitest'

/**
 * What has to be ended with the test file, last things first. Made before anything is started, so that what was started
 * before something failed ends as well.
 */
export function untilFileEnds(): (stop: () => unknown) => void {
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
