import { type Cluster, Command, type Redis } from 'ioredis'
import { CacheTimeout } from './timeLimit.ts'

/** Into how many turns a time limit is divided; a read is given up after 7/8 to 8/8 of it. */
const turns = 8

/**
 * The one command of a hit, with a time limit. One timer serves all reads that are under way: a timer and a promise for
 * each would cost a hit more than everything else it does.
 */
export class Reads {
  readonly #redis: Redis | Cluster
  readonly #ms: number
  /** The reads under way, oldest first, each with the turn in which it began. */
  readonly #underWay = new Map<Command, number>()
  #turn = 0
  #timer: NodeJS.Timeout | undefined

  constructor(redis: Redis | Cluster, ms: number) {
    this.#redis = redis
    this.#ms = ms
  }

  /** Sends GET. Whoever awaits its `promise` tells {@link end} when it is settled. */
  begin(key: string): Command {
    const command = new Command('get', [key], { replyEncoding: 'utf8' })
    this.#underWay.set(command, this.#turn)
    // Not unref'ed: it keeps a process alive that waits for an answer, since the socket does not.
    this.#timer ??= setInterval(() => this.#nextTurn(), this.#ms / turns)
    this.#redis.sendCommand(command)
    return command
  }

  end(command: Command): void {
    this.#underWay.delete(command)
  }

  #nextTurn(): void {
    this.#turn++
    if (this.#underWay.size === 0) {
      clearInterval(this.#timer)
      this.#timer = undefined
      return
    }
    const late: Command[] = []
    for (const [command, turn] of this.#underWay) {
      if (this.#turn - turn < turns) break
      late.push(command)
    }
    // An answer may have come while this process was busy or frozen: it is taken up before the time-out is.
    if (late.length > 0) {
      setImmediate(() => {
        for (const command of late) if (this.#underWay.delete(command)) command.reject(new CacheTimeout())
      })
    }
  }
}
