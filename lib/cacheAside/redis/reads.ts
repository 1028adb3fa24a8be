import { type Cluster, Command, type Redis } from 'ioredis'
import { CacheTimeout } from '../guards/budget.ts'
import type { Shards } from './shards.ts'

/** Into how many turns a time limit is divided; a read is given up after 7/8 to 8/8 of it. */
const turns = 8

/** A GET under way. */
export interface Read {
  readonly command: Command
  /** The text at the key; null where nothing is. */
  readonly answer: Promise<string | null>
  /** In which it began, or its connection was made anew; and how many it has waited for that. */
  turn: number
  connecting: number
}

/**
 * The one command of a hit, with a time limit. One timer serves all reads that are under way: a timer and a promise for
 * each would cost a hit more than everything else it does.
 */
export class Reads {
  readonly #redis: Redis | Cluster
  readonly #shards: Shards
  readonly #ms: number
  readonly #underWay = new Set<Read>()
  #turn = 0
  #timer: NodeJS.Timeout | undefined
  /** How many have begun since the socket was corked. */
  #corked = 0

  constructor(redis: Redis | Cluster, shards: Shards, ms: number) {
    this.#redis = redis
    this.#shards = shards
    this.#ms = ms
  }

  /** Whether a read is under way: then the timer has looked of late whether all is still calm. */
  get areWatched(): boolean {
    return this.#underWay.size > 0
  }

  /** Sends GET. Whoever awaits its answer tells {@link end} when it is settled. */
  begin(key: string): Read {
    const command = new Command('get', [key], { replyEncoding: 'utf8' })
    this.#cork()
    const answer = this.#redis.sendCommand(command) as Promise<string | null>
    const read: Read = { command, answer, turn: this.#turn, connecting: 0 }
    this.#underWay.add(read)
    // Not unref'ed: it keeps a process alive that waits for an answer, since the socket does not.
    this.#timer ??= setInterval(() => this.#nextTurn(), this.#ms / turns)
    return read
  }

  /** How long Redis had for a read, ms, as exactly as its time limit is. */
  elapsed(read: Read): number {
    return ((this.#turn - read.turn) * this.#ms) / turns
  }

  /** How long it has waited for a connection beside that, ms. */
  connecting(read: Read): number {
    return (read.connecting * this.#ms) / turns
  }

  end(read: Read): void {
    this.#underWay.delete(read)
  }

  /**
   * Reads that can leave together leave in one system call. One that is alone leaves at once; those of callers that go on
   * together leave when the code that runs now has finished. One that comes by itself while others are under way leaves
   * when everything that has arrived by now has been heard, as the requests of other connections have.
   */
  #cork(): void {
    if (!this.areWatched) return
    this.#corked++
    if (this.#corked > 1) return
    const uncork = this.#shards.cork()
    const leave = () => {
      this.#corked = 0
      uncork()
    }
    process.nextTick(() => {
      if (this.#corked > 1) leave()
      else setImmediate(leave)
    })
  }

  #nextTurn(): void {
    this.#turn++
    if (!this.areWatched) {
      clearInterval(this.#timer)
      this.#timer = undefined
      return
    }
    if (this.#shards.calm) this.#shards.look(performance.now())
    const late: Read[] = []
    for (const read of this.#underWay) {
      // Its connection was lost and is being made again: the command leaves with it, and its time begins then.
      if (this.#shards.of(String(read.command.args[0])).isBeingConnected) {
        read.connecting += this.#turn - read.turn
        read.turn = this.#turn
      } else if (this.#turn - read.turn >= turns) late.push(read)
    }
    // An answer may have come while this process was busy or frozen: it is taken up before the time-out is. A command
    // that was settled by then takes no notice.
    if (late.length > 0) {
      setImmediate(() => {
        for (const { command } of late) command.reject(new CacheTimeout())
      })
    }
  }
}
