import { type Cluster, Command, type Redis } from 'ioredis'
import { CacheTimeout } from './timeLimit.ts'

/** Into how many turns a time limit is divided; a read is given up after 7/8 to 8/8 of it. */
const turns = 8

/** A GET under way, in the list of all. */
export interface Read {
  readonly command: Command
  /** The text at the key; null where nothing is. */
  readonly answer: Promise<string | null>
  readonly turn: number
  older: Read | undefined
  newer: Read | undefined
}

/**
 * The one command of a hit, with a time limit. One timer serves all reads that are under way: a timer and a promise for
 * each would cost a hit more than everything else it does. The list is linked by hand, since a Map or a Set of objects
 * has to compute a hash for each.
 */
export class Reads {
  readonly #redis: Redis | Cluster
  readonly #ms: number
  #oldest: Read | undefined
  #newest: Read | undefined
  #turn = 0
  #timer: NodeJS.Timeout | undefined
  #corked = false

  constructor(redis: Redis | Cluster, ms: number) {
    this.#redis = redis
    this.#ms = ms
  }

  /** Sends GET. Whoever awaits its answer tells {@link end} when it is settled. */
  begin(key: string): Read {
    const command = new Command('get', [key], { replyEncoding: 'utf8' })
    this.#cork()
    const answer = this.#redis.sendCommand(command) as Promise<string | null>
    const read: Read = { command, answer, turn: this.#turn, older: this.#newest, newer: undefined }
    if (this.#newest) this.#newest.newer = read
    else this.#oldest = read
    this.#newest = read
    // Not unref'ed: it keeps a process alive that waits for an answer, since the socket does not.
    this.#timer ??= setInterval(() => this.#nextTurn(), this.#ms / turns)
    return read
  }

  /** How long ago a read began, ms, as exactly as its time limit is. */
  elapsed(read: Read): number {
    return ((this.#turn - read.turn) * this.#ms) / turns
  }

  end(read: Read): void {
    if (read.older) read.older.newer = read.newer
    else if (this.#oldest === read) this.#oldest = read.newer
    if (read.newer) read.newer.older = read.older
    else if (this.#newest === read) this.#newest = read.older
  }

  /**
   * Holds what is written to the socket until the callers that can go on now have gone on, so that reads of many callers
   * leave in one system call, which costs more than all the rest of a read. A cluster has no socket of its own.
   */
  #cork(): void {
    if (!this.#oldest || this.#corked || !('stream' in this.#redis) || !this.#redis.stream) return
    const { stream } = this.#redis
    this.#corked = true
    stream.cork()
    process.nextTick(() => {
      this.#corked = false
      stream.uncork()
    })
  }

  #nextTurn(): void {
    this.#turn++
    if (!this.#oldest) {
      clearInterval(this.#timer)
      this.#timer = undefined
      return
    }
    const late: Read[] = []
    for (
      let read: Read | undefined = this.#oldest;
      read && this.#turn - read.turn >= turns;
      read = read.newer
    ) {
      late.push(read)
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
