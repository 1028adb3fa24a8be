import { type Cluster, Command, type Redis } from 'ioredis'
import { CacheTimeout } from '../guards/timeout.ts'
import type { Shards } from './shards.ts'

/** How many timer ticks make up the time limit; a read times out after 7/8 to 8/8 of the limit. */
const ticksPerLimit = 8

/** A GET under way. */
export interface Read {
  readonly command: Command
  /** The text under the key; null if there is none. */
  readonly reply: Promise<string | null>
  /** The tick at which it was sent, or at which its connection was last still being made. */
  startTick: number
  /** How many ticks it has waited for a connection. */
  connectingTicks: number
  /** Its index among the reads under way. */
  place: number
}

/**
 * Sends the one command of a hit, with a time limit. One timer serves all reads under way: a timer and a
 * promise for each would cost a hit more than everything else it does.
 */
export class Reads {
  readonly #redis: Redis | Cluster
  readonly #shards: Shards
  readonly #ms: number
  /** In no order. Not a Set: that computes a hash for each object, which costs more than half of a hit. */
  readonly #underWay: Read[] = []
  #tick = 0
  #timer: NodeJS.Timeout | undefined
  /** How many reads have begun since the sockets were corked. */
  #corked = 0

  constructor(redis: Redis | Cluster, shards: Shards, ms: number) {
    this.#redis = redis
    this.#shards = shards
    this.#ms = ms
  }

  /** Whether a read is under way. If so, the timer runs and keeps `isHealthy` of the shards up to date. */
  get hasPending(): boolean {
    return this.#underWay.length > 0
  }

  /** Sends GET. The caller must call {@link end} when the reply has settled. */
  begin(key: string): Read {
    const command = new Command('get', [key], { replyEncoding: 'utf8' })
    this.#cork()
    const reply = this.#redis.sendCommand(command) as Promise<string | null>
    const place = this.#underWay.length
    const read: Read = { command, reply, startTick: this.#tick, connectingTicks: 0, place }
    this.#underWay.push(read)
    // Not unref'ed: it keeps alive a process that waits for a reply, because the socket does not.
    this.#timer ??= setInterval(() => this.#nextTick(), this.#ms / ticksPerLimit)
    return read
  }

  /** Returns how long Redis had to reply to a read, in ms, as exactly as its time limit is measured. */
  elapsedMs(read: Read): number {
    return ((this.#tick - read.startTick) * this.#ms) / ticksPerLimit
  }

  /** Returns how long the read has also waited for a connection, in ms. */
  connectingMs(read: Read): number {
    return (read.connectingTicks * this.#ms) / ticksPerLimit
  }

  /** Ends a read whose reply has settled. Call it once. The last read moves to its place. */
  end(read: Read): void {
    const last = this.#underWay.pop()
    if (last === undefined || last === read) return
    last.place = read.place
    this.#underWay[read.place] = last
  }

  /**
   * Lets reads that can leave together leave in one system call. A single read leaves at once. Reads of
   * callers that continue together leave when the code that is running now has finished. A read that comes
   * alone while others are under way leaves after everything that has already arrived is processed, such as
   * the requests of other connections.
   */
  #cork(): void {
    if (!this.hasPending) return
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

  #nextTick(): void {
    this.#tick++
    if (!this.hasPending) {
      clearInterval(this.#timer)
      this.#timer = undefined
      return
    }
    if (this.#shards.isHealthy) this.#shards.refreshHealth(performance.now())
    const late: Read[] = []
    for (const read of this.#underWay) {
      // Its connection was lost and is being made again. The command is sent on the new one, and its time
      // begins then.
      if (this.#shards.of(String(read.command.args[0])).isConnecting) {
        read.connectingTicks += this.#tick - read.startTick
        read.startTick = this.#tick
      } else if (this.#tick - read.startTick >= ticksPerLimit) late.push(read)
    }
    // setImmediate: a reply that arrived while this process was busy or frozen is processed before the
    // timeout. A command that has settled ignores the rejection.
    if (late.length > 0) {
      setImmediate(() => {
        for (const { command } of late) command.reject(new CacheTimeout())
      })
    }
  }
}
