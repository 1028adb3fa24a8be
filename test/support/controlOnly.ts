import { startControl } from './control.ts'
import { fileCleanup } from './fileCleanup.ts'
import { startNetwork } from './network.ts'
import type { TimedSetup } from './timed.ts'

/**
 * Starts only the control, for timed tests that start their own servers. Call it at the top level of a test file. It stops
 * after the file.
 */
export async function startControlOnly(): Promise<TimedSetup> {
  const afterFile = fileCleanup()
  const network = await startNetwork()
  afterFile(() => network.worker.kill())
  return { control: await startControl(network, afterFile), reset: async () => {} }
}
