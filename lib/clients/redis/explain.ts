const ofServer = 'REDIS_URL must begin with redis:// or rediss://'
const ofCluster = 'REDIS_URL must begin with redis-cluster:// or rediss-cluster://'

/** What an error says of REDIS_URL, by its message. */
const kinds: [RegExp, string][] = [
  [/^(MOVED|ASK|CROSSSLOT)\b/, `this is a node of a cluster: ${ofCluster}`],
  [/cluster support disabled/, `this is a single server: ${ofServer}`],
  // An alert of TLS where an answer of Redis should be.
  [/got "\\u0015"/, 'the server speaks TLS: REDIS_URL must begin with rediss'],
]
/** The same for those who speak TLS. Redis takes the beginning of a handshake for that of a command, and waits for more. */
const kindsByTls: [RegExp, string][] = [
  [/wrong version number/, 'the server speaks no TLS: REDIS_URL must begin with redis, not rediss'],
  [/^connect ETIMEDOUT$/, 'the server may be away, or speak no TLS'],
]

/** Adds to the message of an error what is wrong with REDIS_URL, where that is what it means. */
export function explain(error: Error, tls: boolean): void {
  const [, what] =
    [...kinds, ...(tls ? kindsByTls : [])].find(([pattern]) => pattern.test(error.message)) ?? []
  if (what && !error.message.includes(what)) error.message += ` (${what})`
}
