import type { Cluster, Redis } from 'ioredis'

// What this project needs of ioredis and has no public name there. Each was read in ioredis 6.0.0, the version that
// package-lock.json pins; test/clients/internals.test.ts says which of them a newer one has changed.

/** Fails all commands that wait, under way or not yet sent, with this error. */
export function failWaiting(client: Redis | Cluster, error: Error): void {
  const flush: unknown = Reflect.get(client, 'flushQueue')
  if (typeof flush === 'function') flush.call(client, error)
}

/** The timer of a client that is to connect again; undefined where none runs. */
export function reconnectTimer(client: Redis | Cluster): NodeJS.Timeout | undefined {
  const timer: NodeJS.Timeout | null | undefined = Reflect.get(client, 'reconnectTimeout')
  return timer ?? undefined
}

/** What was wrong with the node that a cluster's client asked last, in the error that it reports. */
export function lastNodeError(error: Error): Error | undefined {
  const last: unknown = Reflect.get(error, 'lastNodeError')
  return last instanceof Error ? last : undefined
}

/** Has something done before each command that a client sends, also by the methods of its pipelines. */
export function beforeCommands(redis: Redis, act: () => void): void {
  const { sendCommand } = redis
  redis.sendCommand = (command, stream) => {
    act()
    return sendCommand.call(redis, command, stream)
  }
}
