import type { Redis } from 'ioredis'
import { connectRedis } from '../../lib/clients/redis/index.ts'
import { median } from './measured.ts'
import type { Worker } from './worker.ts'

export interface Racer {
  name: string
  worker: Worker
}

interface Slice {
  perSecond: number
  cpuMicros: number
}

/** How often a slice may be repeated. */
const attempts = 5

/** The slices of everybody, round by round. */
export class Race {
  readonly #slices: Map<string, Slice[]>
  /** How many slices did not count: a machine that stood still for a while had a cache answer without Redis. */
  repeated = 0

  /**
   * Has everybody answer hits in turn, alone.
   *
   * @param servers those that all of them use, to see that they were asked for each answer
   */
  static async run(
    racers: Racer[],
    servers: string[],
    options: { concurrency: number; rounds: number; ms: number; say: (what: string) => void },
  ): Promise<Race> {
    const race = new Race(racers)
    const clients = servers.map(connectRedis)
    const commandsOf = async (redis: Redis) =>
      Number(/total_commands_processed:(\d+)/.exec(await redis.info('stats'))?.[1])
    const commands = async () =>
      (await Promise.all(clients.map(commandsOf))).reduce((sum, each) => sum + each)
    const { concurrency, rounds, ms, say } = options
    try {
      for (let n = 0; n < rounds; n++) {
        say(`${concurrency} at a time, round ${n + 1} of ${rounds}`)
        // Who is first changes, and the direction, so that nobody always follows the same one.
        const turn = (2 * n) % racers.length
        const order = [...racers.slice(turn), ...racers.slice(0, turn)]
        for (const { name, worker } of n % 2 ? order : order.toReversed()) {
          for (let attempt = 1; ; attempt++) {
            const before = await commands()
            const { asked, loaded, ...slice } = await worker.call('slice', { concurrency, ms })
            if (loaded === 0 && (await commands()) - before >= asked) {
              race.#of(name).push(slice)
              break
            }
            if (attempt === attempts) throw new Error(`${name} did not answer from Redis ${attempts} times`)
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

  #of(name: string): Slice[] {
    const slices = this.#slices.get(name)
    if (!slices) throw new Error(`${name} is not in the race`)
    return slices
  }

  median(name: string, figure: keyof Slice): number {
    return median(this.#of(name).map((slice) => slice[figure]))
  }

  /** How fast one is, measured by another: the median of the rounds' ratios. */
  ratio(name: string, to: string): number {
    const others = this.#of(to)
    return median(this.#of(name).map(({ perSecond }, n) => perSecond / (others[n]?.perSecond ?? 0)))
  }

  /** The same, measured by whoever of them comes closest. */
  ratioToBest(name: string, others: string[]): number {
    return Math.min(...others.map((other) => this.ratio(name, other)))
  }
}
