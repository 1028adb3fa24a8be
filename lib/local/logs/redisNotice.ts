import { connectCache } from '../../clients/redis/index.ts'

/** How often Redis is asked whether it answers, in ms. */
const checkMs = 500

/** How long Redis may take to answer, in ms. A function stops waiting after 100 ms; a busy machine may need longer. */
const answerMs = 2000

/**
 * Prints one line when Redis is lost and one when it is back, however many requests notice. It asks Redis itself at the
 * address that the functions use, so it also sees a Redis that hangs, one in Docker and one of another program.
 */
export class RedisNotice {
  readonly #print: (line: string) => void
  readonly #signal = new AbortController()
  #isAway = false

  constructor(print: (line: string) => void) {
    this.#print = print
  }

  /** Whether Redis did not answer when it was last asked. */
  get isAway(): boolean {
    return this.#isAway
  }

  /** Prints the line of a loss, unless the loss is known. */
  readonly lost = (
    line = 'Redis does not answer. Reads and writes continue without it: DynamoDB answers the reads',
  ): void => {
    if (!this.#isAway) this.#print(line)
    this.#isAway = true
  }

  /** Prints the line of a return, unless Redis was there. */
  readonly returned = (line = 'Redis answers again'): void => {
    if (this.#isAway) this.#print(line)
    this.#isAway = false
  }

  /**
   * Asks Redis until {@link stop} is called.
   *
   * @param url the address that the functions use
   */
  watch(url: string): void {
    const redis = connectCache(url)
    redis.on('error', () => {})
    let isAsking = false
    const ask = async () => {
      if (isAsking) return
      isAsking = true
      const isAnswered = await answersPing(redis)
      isAsking = false
      if (this.#signal.signal.aborted) return
      if (isAnswered) this.returned()
      else this.lost()
    }
    // A closed connection says at once what the next check would find.
    redis.on('close', ask)
    const timer = setInterval(ask, checkMs).unref()
    this.#signal.signal.addEventListener('abort', () => {
      clearInterval(timer)
      redis.disconnect()
    })
  }

  stop(): void {
    this.#signal.abort()
  }
}

/** Returns whether Redis answers within {@link answerMs}. */
async function answersPing(redis: ReturnType<typeof connectCache>): Promise<boolean> {
  const late = Promise.withResolvers<boolean>()
  const timer = setTimeout(() => late.resolve(false), answerMs)
  const answered = redis.ping().then(
    () => true,
    // A server that refuses the command, for example to a user who may not send it, has answered.
    (error: unknown) => error instanceof Error && error.name === 'ReplyError',
  )
  const isAnswered = await Promise.race([answered, late.promise])
  clearTimeout(timer)
  return isAnswered
}
