import { findRedisBinary, startRedis } from '../../lib/local/servers/redisServer.ts'
import type { ControlMethods } from './controlProcess.ts'
import type { Network } from './network.ts'
import { startWorker } from './workers.ts'

/** Tells whether the machine was free enough for a promise about time. */
export interface Control {
  begin(): Promise<void>
  /** The longest that the bare client has waited for an answer since `begin`, ms. */
  longest(): Promise<number>
}

/**
 * A bare client that sends PING through the same network all the time. Its Redis is its own, for the one under test may
 * be stopped or killed.
 *
 * @param ends is told how to end what was started
 */
export async function startControl(network: Network, ends: (stop: () => unknown) => void): Promise<Control> {
  const redis = await startRedis({ binary: findRedisBinary() ?? 'redis-server' })
  ends(() => redis.stop('SIGKILL'))
  const { port } = await network.open(redis.port)
  const file = new URL('./controlProcess.ts', import.meta.url)
  const worker = await startWorker<ControlMethods, never>(file, { port })
  ends(() => worker.kill())
  return { begin: () => worker.call('begin'), longest: () => worker.call('longest') }
}
