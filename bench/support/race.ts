import type { Redis } from 'ioredis'
import { connectRedis } from '../../test/support/connectRedis.ts'
import { median } from './statistics.ts'
import type { Worker } from './worker.ts'

/** A contender in a process of its own. */
export interface Racer {
  name: string
  worker: Worker
}

export interface RaceOptions {
  /** How many callers each contender answers at a time. */
  concurrency: number
  rounds: number
  report: (progress: string) => void
}

interface Slice {
  perSecond: number
  cpuMicros: number
}

/** How long each turn is measured, ms. */
const sliceMs = 200
/** How often a slice is measured at most, until it counts. */
const attempts = 5

/** A comparison of contenders that answer hits in turns. It holds one slice of each contender for each round. */
export class Race {
  readonly #slices: Map<string, Slice[]>
  /** How many slices did not count, because the machine stalled and the cache answered without Redis. */
  repeated = 0

  /**
   * Lets the contenders answer hits in turns, one contender at a time.
   *
   * @param servers the URLs of all Redis servers that the contenders use. Their command counters show that each answer
   *   came from Redis
   * @throws {Error} if a contender did not answer from Redis in five slices in a row
   */
  static async run(
    racers: Racer[],
    servers: string[],
    { concurrency, rounds, report }: RaceOptions,
  ): Promise<Race> {
    const race = new Race(racers)
    const clients = servers.map(connectRedis)
    try {
      for (let n = 0; n < rounds; n++) {
        report(`${concurrency} at a time, round ${n + 1} of ${rounds}`)
        for (const { name, worker } of orderOfRound(racers, n)) {
          for (let attempt = 1; ; attempt++) {
            const before = await commandsProcessed(clients)
            const { asked, loaded, ...slice } = await worker.call('slice', { concurrency, ms: sliceMs })
            if (loaded === 0 && (await commandsProcessed(clients)) - before >= asked) {
              race.#slicesOf(name).push(slice)
              break
            }
            if (attempt === attempts)
              throw new Error(`${name} did not answer from Redis in ${attempts} slices`)
            race.repeated++
          }
        }
      }
    } finally {
      for (const client of clients) client.disconnect()
    }
    return race
  }

  private constructor(racers: Racer[]) {
    this.#slices = new Map(racers.map(({ name }) => [name, []]))
  }

  #slicesOf(name: string): Slice[] {
    const slices = this.#slices.get(name)
    if (!slices) throw new Error(`${name} is not in the race`)
    return slices
  }

  median(name: string, figure: keyof Slice): number {
    return median(this.#slicesOf(name).map((slice) => slice[figure]))
  }

  /** Returns the rate of a contender relative to the rate of another: the median of the rounds' ratios. */
  ratio(name: string, to: string): number {
    const others = this.#slicesOf(to)
    return median(this.#slicesOf(name).map(({ perSecond }, n) => perSecond / (others[n]?.perSecond ?? 0)))
  }

  /** Returns the ratio to the fastest of `others`, which is the lowest of the ratios. */
  ratioToBest(name: string, others: string[]): number {
    return Math.min(...others.map((other) => this.ratio(name, other)))
  }
}

/**
 * Returns the order of round `n`. The first contender and the direction change, so that no contender always follows the
 * same one.
 */
function orderOfRound(racers: Racer[], n: number): Racer[] {
  const turn = (2 * n) % racers.length
  const order = [...racers.slice(turn), ...racers.slice(0, turn)]
  return n % 2 ? order : order.toReversed()
}

/** Returns how many commands all servers together have processed since they started. */
async function commandsProcessed(clients: Redis[]): Promise<number> {
  const counts = clients.map(async (client) =>
    Number(/total_commands_processed:(\d+)/.exec(await client.info('stats'))?.[1]),
  )
  return (await Promise.all(counts)).reduce((sum, each) => sum + each, 0)
}
