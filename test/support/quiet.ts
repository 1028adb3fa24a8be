import { startControl } from './control.ts'
import { untilFileEnds } from './ends.ts'
import { startNetwork } from './network.ts'
import type { Ground } from './timed.ts'

/** For timed tests that bring their own servers: the control alone. For the top level of a test file; ends with the file. */
export async function startQuiet(): Promise<Ground> {
  const ends = untilFileEnds()
  const network = await startNetwork()
  ends(() => network.worker.kill())
  return { control: await startControl(network, ends), reset: async () => {} }
}
