import { Race, type RaceOptions, type Racer } from './race.ts'
import { round } from './statistics.ts'

/** The rates at which contenders answer hits, for 1 and for 32 callers at a time. */
export interface HitRates {
  at1: Race
  at32: Race
}

export async function raceHits(
  racers: Racer[],
  servers: string[],
  options: Omit<RaceOptions, 'concurrency'>,
): Promise<HitRates> {
  return {
    at1: await Race.run(racers, servers, { concurrency: 1, ...options }),
    at32: await Race.run(racers, servers, { concurrency: 32, ...options }),
  }
}

/**
 * Returns a contender's line of the printed table.
 *
 * @param reference the contender that its rates are compared with
 * @param label what the columns call the reference
 */
export const rateRow = ({ at1, at32 }: HitRates, name: string, reference: string, label = 'bare') => ({
  'at 1, /s': round(at1.median(name, 'perSecond')),
  [`to ${label}, at 1`]: round(at1.ratio(name, reference), 2),
  'at 32, /s': round(at32.median(name, 'perSecond')),
  [`to ${label}, at 32`]: round(at32.ratio(name, reference), 2),
  'CPU at 32, us': round(at32.median(name, 'cpuMicros'), 1),
})

/** Returns the note that says how many slices of these races were repeated. */
export const repeatedSlices = (...races: Race[]) => ({
  'slices repeated, because the machine stalled': races.reduce((sum, { repeated }) => sum + repeated, 0),
})
