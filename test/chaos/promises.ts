import { type Cost, recoveryMs } from './cost.ts'
import type { Fault } from './faults.ts'
import { fallbackMs } from './staleReads.ts'

/** Returns the promises that the catalogue broke during a fault, each as a sentence. */
export function findBrokenPromises(fault: Fault, cost: Cost): string[] {
  const { reads, failed, failedAfter, failedLate, refused, lost, doubled, stale, wentBack, cleanAfter } = cost
  const seconds = recoveryMs / 1000
  const failedReads = fault.isDatabaseAway ? failedLate : failed + failedAfter
  const broken: [isBroken: boolean | number, sentence: string][] = [
    [lost, `acknowledged writes that were lost: ${lost}`],
    [doubled, `writes with one idempotency key that happened twice: ${doubled}`],
    [stale.afterDone, `reads older than a confirmed removal: ${stale.afterDone}`],
    [stale.oldFallback, `fallbacks older than ${fallbackMs} ms: ${stale.oldFallback}`],
    [stale.afterLong, `reads that were still stale ${seconds} s after the fault: ${stale.afterLong}`],
    [wentBack, `reads older than their process had shown before: ${wentBack}`],
    [failedReads, `reads that failed although DynamoDB was available: ${failedReads}`],
    [
      fault.isDatabaseAway ? 0 : refused,
      `attempts to write that failed although DynamoDB was available: ${refused}`,
    ],
    [cleanAfter > seconds, `the catalogue had not recovered ${seconds} s after the fault`],
    [reads === 0, 'no read began during the fault'],
  ]
  return broken.filter(([isBroken]) => isBroken).map(([, sentence]) => `${fault.name}: ${sentence}`)
}

/** How much larger the share of failed reads may be if writers continue while DynamoDB is away. */
const mostByWriters = 0.02

/**
 * Returns the faults of DynamoDB during which writers made reads fail, each as a sentence. Writers that retry must remove
 * nothing from the cache.
 */
export function findHarmByWriters(costs: Map<Fault, Cost>): string[] {
  const shareOf = (wanted: string) => [...costs].find(([{ name }]) => name === wanted)?.[1].failedShare
  return ['DynamoDB is killed', 'DynamoDB hangs'].flatMap((fault) => {
    const paused = shareOf(`${fault}, writers pause`)
    const continuing = shareOf(`${fault}, writers continue`)
    if (paused === undefined || continuing === undefined) return []
    if (continuing <= paused + mostByWriters) return []
    const percent = (share: number) => `${(share * 100).toFixed(1)} %`
    return [
      `${fault}: ${percent(continuing)} of the reads failed while writers continued, ${percent(paused)} while they paused`,
    ]
  })
}
