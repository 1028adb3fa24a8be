import { type Redis, type RedisOptions, ReplyError } from 'ioredis'
import { log } from '../../telemetry/log.ts'
import { type TokenOptions, TokenSource } from './iamToken.ts'
import { beforeCommands } from './internals.ts'

/**
 * ElastiCache closes a connection 12 h after its last authentication, so a connection authenticates again before
 * that. Milliseconds by the clock, which has advanced when a frozen sandbox thaws.
 */
const renewAfter = 11 * 3_600_000
/** The pause before a failed renewal is tried again, in ms. */
const retryAfter = 300_000
/**
 * The pause between two warnings of one process, in ms: every connection fails on its own, and all for the same reason.
 */
const warnAfter = 60_000

/** The options to authenticate with IAM. */
export type IamOptions = Omit<TokenOptions, 'user'>

/**
 * Creates what a client needs to authenticate with IAM tokens. ioredis accepts only a constant password, and copies
 * it to every connection, including those of a cluster's nodes and those on which it asks for the slots. So the
 * password is an object that converts itself to the newest token when AUTH is written. The connector creates a valid
 * token first: it is the only step of connecting that ioredis awaits. Both are options, so they reach every
 * connection.
 */
export function createIamAuth(user: string, iam: IamOptions) {
  const { now = Date.now } = iam
  const tokens = new TokenSource({ ...iam, user })
  // Signing takes 2 ms. The first token is signed while the process starts, so that the first request does not wait
  // for it. If that fails, the first connection tries again.
  tokens.get().catch(() => {})
  let newest = ''
  let warnedAt = Number.NEGATIVE_INFINITY
  /** Logs a failure that no caller sees: the command that meets it succeeds, or only sees a closed connection. */
  const warn = (what: string, error: unknown) => {
    if (now() - warnedAt < warnAfter) return
    warnedAt = now()
    // Only the beginning: some servers repeat what they received, and a token ends with its signature.
    const why = (error as Error).message.slice(0, 100)
    log(`${JSON.stringify({ level: 'warn', warnings: [`${what}: ${why}`] })}\n`)
  }
  const getToken = () =>
    tokens.get().catch((error: unknown) => {
      warn('There is no token for the cache', error)
      throw error
    })
  const options: RedisOptions = { username: user }
  // The type allows only a string: see above.
  Reflect.set(options, 'password', { toString: () => newest })
  return {
    options,

    /** Updates the password to a valid token. */
    async refreshToken(): Promise<void> {
      newest = await getToken()
    },

    discardToken: () => tokens.discard(),

    /**
     * Authenticates a connection again when it is old. The next command checks the age, so that no timer is needed
     * and an unused connection may expire.
     */
    keepAuthenticated(redis: Redis): void {
      let due = Number.POSITIVE_INFINITY
      redis.on('ready', () => {
        due = now() + renewAfter
      })
      const renew = async () => {
        due = now() + retryAfter
        try {
          // AUTH is sent on its own, never inside a pipeline, whose replies it would mix up.
          await redis.auth(user, await getToken())
          due = now() + renewAfter
        } catch (error) {
          // The connection remains in use until its 12 h have run out. Then ioredis opens a new one.
          tokens.discard()
          // If the connection closed, nothing was refused, and ioredis opens a new one.
          if (error instanceof ReplyError) warn('The cache refused to renew a connection', error)
        }
      }
      beforeCommands(redis, () => {
        if (now() >= due) renew()
      })
    },
  }
}
