import { createSecureContext } from 'node:tls'
import type { Cluster, ClusterOptions, Redis } from 'ioredis'
import type { Address } from './address.ts'
import { createConnector } from './connector.ts'
import type { createIamAuth } from './iamAuth.ts'
import { reconnectTimer } from './internals.ts'
import { ReconnectBackoff } from './reconnectBackoff.ts'

/** How every connection is made, to a single server or to a node of a cluster. */
export interface Settings {
  options: Omit<NonNullable<ClusterOptions['redisOptions']>, 'replyMapping'>
  backoff: ReconnectBackoff
  /** The error of the last connection that failed, until a connection succeeds. */
  lastFailure: { error?: Error }
  /** Adds the listeners of a client. Every client needs them before it connects. */
  attach: (redis: Redis) => void
}

export function createSettings(
  { username, password, tls }: Address,
  iam?: ReturnType<typeof createIamAuth>,
): Settings {
  const lastFailure: { error?: Error } = {}
  const onError = (error: Error) => {
    lastFailure.error = error
  }
  return {
    options: {
      // As long as a call waits for a connection, `connectMs` in lib/cacheAside.
      connectTimeout: 1000,
      // Without it the client never leaves a server that accepts connections but does not respond.
      socketTimeout: 1000,
      // Not needed: a server that is still loading its data replies with an error, and the database serves the
      // caller.
      enableReadyCheck: false,
      // How long a connection may take to close. It is short because its timer keeps the process alive, and because a
      // cluster's client leaves such a timer behind with each failed attempt.
      disconnectTimeout: 10,
      disableClientInfo: true,
      // Every handshake needs it. It is created while the process starts: that takes 2 to 3 ms that no request waits
      // for.
      ...(tls && { tls: { secureContext: createSecureContext() } }),
      ...(username && { username }),
      ...(password && { password }),
      ...iam?.options,
      Connector: createConnector(iam?.refreshToken ?? doNothing, onError),
    },
    lastFailure,
    backoff: new ReconnectBackoff(iam?.discardToken),
    attach(redis) {
      redis.on('connect', () => redis.stream.unref())
      // A failure from before does not explain later ones.
      redis.on('ready', () => {
        delete lastFailure.error
      })
      unrefReconnect(redis)
      iam?.keepAuthenticated(redis)
    },
  }
}

const doNothing = async () => {}

/** Lets the process end while a client waits to reconnect. */
export function unrefReconnect(client: Redis | Cluster): void {
  client.on('reconnecting', () => reconnectTimer(client)?.unref())
}
