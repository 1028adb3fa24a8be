import { type Redis, type RedisOptions, ReplyError } from 'ioredis'
import { log } from '../../telemetry/log.ts'
import { type TokenOptions, Tokens } from './iamToken.ts'
import { beforeCommands } from './internals.ts'

/**
 * ElastiCache closes a connection 12 h after it was authenticated, unless it is authenticated again. Milliseconds by the
 * clock, which a frozen sandbox finds advanced.
 */
const renewAfter = 11 * 3_600_000
/** Before a renewal that failed is tried again, ms. */
const retryAfter = 300_000
/** Between two warnings of one process, ms: each connection fails by itself, and all for the same reason. */
const warnAfter = 60_000

/** To authenticate by IAM. */
export type IamAccess = Omit<TokenOptions, 'user'>

/**
 * What a client needs to authenticate by tokens. ioredis takes a password that does not change, and copies it to each
 * connection that it makes, those of a cluster's nodes and those by which it asks for the slots. So the password is an
 * object that turns into the newest token at the moment in which AUTH is written, and the connector, which is the one
 * step of connecting that ioredis awaits, sees to it that there is a valid one. Both belong to the options, and reach
 * every connection.
 */
export function iamAccess(user: string, iam: IamAccess) {
  const { now = Date.now } = iam
  const tokens = new Tokens({ ...iam, user })
  // The first one is signed while the process starts, which takes 2 ms that the first request does not wait for then. Where
  // that fails, the first connection tries again.
  tokens.get().catch(() => {})
  let newest = ''
  let warnedAt = Number.NEGATIVE_INFINITY
  /** Nobody else hears of these failures: the command that meets one goes on, or sees a connection that closed. */
  const warn = (what: string, error: unknown) => {
    if (now() - warnedAt < warnAfter) return
    warnedAt = now()
    // Its beginning only: some servers repeat what they were sent, and a token's signature stands at its end.
    const why = (error as Error).message.slice(0, 100)
    log(`${JSON.stringify({ level: 'warn', warnings: [`${what}: ${why}`] })}\n`)
  }
  const getToken = () =>
    tokens.get().catch((error: unknown) => {
      warn('There is no token for the cache', error)
      throw error
    })
  const prepare = async () => {
    newest = await getToken()
  }
  const options: RedisOptions = { username: user }
  // By its type a text: see above.
  Reflect.set(options, 'password', { toString: () => newest })
  return {
    options,

    prepare,

    forget: () => tokens.forget(),

    /**
     * Authenticates the connection again when it has become old, with the command by which that is noticed: no timer is
     * needed, and a connection that nobody uses may end.
     */
    renew(redis: Redis): void {
      let due = Number.POSITIVE_INFINITY
      redis.on('ready', () => {
        due = now() + renewAfter
      })
      const again = async () => {
        due = now() + retryAfter
        try {
          // It leaves by itself, never in the midst of a pipeline, whose answers it would mix up.
          await redis.auth(user, await getToken())
          due = now() + renewAfter
        } catch (error) {
          // The connection stays as it is, and works until the 12 h are over; then a new one is made.
          tokens.forget()
          // One that closed meanwhile is made anew as well, and nothing was refused.
          if (error instanceof ReplyError) warn('The cache refused to renew a connection', error)
        }
      }
      beforeCommands(redis, () => {
        if (now() >= due) again()
      })
    },
  }
}
