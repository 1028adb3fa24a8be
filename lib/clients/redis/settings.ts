import { createSecureContext } from 'node:tls'
import type { Cluster, ClusterOptions, Redis } from 'ioredis'
import type { Address } from './address.ts'
import { connectorFor } from './connector.ts'
import type { iamAccess } from './iam.ts'
import { reconnectTimer } from './internals.ts'
import { Refusals } from './refusals.ts'

/** How any connection is made, whether to a single server or to a node of a cluster. */
export interface Settings {
  options: Omit<NonNullable<ClusterOptions['redisOptions']>, 'replyMapping'>
  refusals: Refusals
  /** What was wrong with the last connection that could not be made. */
  trouble: { last?: Error }
  /** Has to see every client before it connects. */
  onNode: (redis: Redis) => void
}

export function settingsFor(
  { username, password, tls }: Address,
  iam?: ReturnType<typeof iamAccess>,
): Settings {
  const trouble: { last?: Error } = {}
  const onError = (error: Error) => {
    trouble.last = error
  }
  return {
    options: {
      // As long as a call waits for a connection, `connectMs` in lib/cacheAside.
      connectTimeout: 1000,
      // Without it a server that accepts and stays silent is never left.
      socketTimeout: 1000,
      // Not needed: a server that still loads its data answers with an error, and the database answers instead.
      enableReadyCheck: false,
      // The time a connection has to close in good order, and a timer that would keep the process alive; a cluster's
      // client leaves one behind with each attempt that fails.
      disconnectTimeout: 10,
      disableClientInfo: true,
      // What every handshake needs is made here, while the process starts: 2 to 3 ms that no request waits for.
      ...(tls && { tls: { secureContext: createSecureContext() } }),
      ...(username && { username }),
      ...(password && { password }),
      ...iam?.options,
      Connector: connectorFor(iam?.prepare ?? nothing, onError),
    },
    trouble,
    refusals: new Refusals(iam?.forget),
    onNode(redis) {
      redis.on('connect', () => redis.stream.unref())
      // What was wrong before explains nothing that fails from now on.
      redis.on('ready', () => {
        delete trouble.last
      })
      unrefReconnect(redis)
      iam?.renew(redis)
    },
  }
}

const nothing = async () => {}

/** An idle client keeps no process alive, nor does one that is to connect again. */
export function unrefReconnect(client: Redis | Cluster): void {
  client.on('reconnecting', () => reconnectTimer(client)?.unref())
}
