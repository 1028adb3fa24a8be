const forServer = 'REDIS_URL must begin with redis:// or rediss://'
const forCluster = 'REDIS_URL must begin with redis-cluster:// or rediss-cluster://'

/** The hints by the message of the error. */
const hints: [RegExp, string][] = [
  [/^(MOVED|ASK|CROSSSLOT)\b/, `this is a node of a cluster: ${forCluster}`],
  [/cluster support disabled/, `this is a single server: ${forServer}`],
  // A TLS alert instead of a Redis reply.
  [/got "\\u0015"/, 'the server uses TLS: REDIS_URL must begin with rediss'],
]
/**
 * The further hints for a client that uses TLS. A Redis without TLS takes the beginning of a handshake for that of a
 * command, and waits for the rest.
 */
const tlsHints: [RegExp, string][] = [
  [/wrong version number/, 'the server does not use TLS: REDIS_URL must begin with redis, not rediss'],
  [/^connect ETIMEDOUT$/, 'the server may be down, or may not use TLS'],
]

/** Adds to an error's message what is wrong with REDIS_URL, if the error points to that. */
export function addUrlHint(error: Error, tls: boolean): void {
  const [, hint] = [...hints, ...(tls ? tlsHints : [])].find(([pattern]) => pattern.test(error.message)) ?? []
  if (hint && !error.message.includes(hint)) error.message += ` (${hint})`
}
