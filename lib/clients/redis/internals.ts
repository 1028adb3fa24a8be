import type { Cluster, Redis } from 'ioredis'

// The internals of ioredis that this project uses. They were read in ioredis 6.0.0, the version that
// package-lock.json pins. test/clients/internals.test.ts fails for each one that a newer version changes.

/** Fails every waiting command, whether it is under way or not sent yet, with this error. */
export function failWaiting(client: Redis | Cluster, error: Error): void {
  const flush: unknown = Reflect.get(client, 'flushQueue')
  if (typeof flush === 'function') flush.call(client, error)
}

/** Returns the timer of a client's next connection attempt; undefined if none is set. */
export function reconnectTimer(client: Redis | Cluster): NodeJS.Timeout | undefined {
  const timer: NodeJS.Timeout | null | undefined = Reflect.get(client, 'reconnectTimeout')
  return timer ?? undefined
}

/** Returns the error of the node that a cluster's client tried last, from the error that the client reports. */
export function lastNodeError(error: Error): Error | undefined {
  const last: unknown = Reflect.get(error, 'lastNodeError')
  return last instanceof Error ? last : undefined
}

/** Calls `act` before each command of a client, including commands of its pipelines. */
export function beforeCommands(redis: Redis, act: () => void): void {
  const { sendCommand } = redis
  redis.sendCommand = (command, stream) => {
    act()
    return sendCommand.call(redis, command, stream)
  }
}
