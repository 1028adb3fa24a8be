import { findRedisBinary, startRedis } from '../../lib/local/servers/redisServer.ts'
import type { ControlMethods } from './controlProcess.ts'
import type { Network } from './network.ts'
import { startWorker } from './workers.ts'

/** Measures whether the machine was idle enough for a test of time. */
export interface Control {
  begin(): Promise<void>
  /** Returns the longest wait of the bare client for an answer since `begin`, ms. */
  longest(): Promise<number>
}

/**
 * Starts a bare client that constantly sends PING through the same network. It has its own Redis, because a test may stop
 * or kill the other one.
 *
 * @param onCleanup registers the steps that stop what was started
 */
export async function startControl(
  network: Network,
  onCleanup: (stop: () => unknown) => void,
): Promise<Control> {
  const redis = await startRedis({ binary: findRedisBinary() ?? 'redis-server' })
  onCleanup(() => redis.stop('SIGKILL'))
  const { port } = await network.open(redis.port)
  const file = new URL('./controlProcess.ts', import.meta.url)
  const worker = await startWorker<ControlMethods, never>(file, { port })
  onCleanup(() => worker.kill())
  return { begin: () => worker.call('begin'), longest: () => worker.call('longest') }
}
