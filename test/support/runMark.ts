import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** Marks all that a run starts, and has it ended when the run ends, though the run be killed. */
export default async function setup() {
  const run = randomUUID()
  const { AISLE_TEST_RUN: _, AISLE_TEST_FILE: __, ...env } = process.env
  const reaper = spawn(process.execPath, [fileURLToPath(new URL('./reaper.ts', import.meta.url)), run], {
    // Away from the terminal, whose Ctrl-C is not for it. Its input ends with this process.
    ...{ detached: true, env, stdio: ['pipe', 'ignore', 'ignore'] },
  })
  process.env.AISLE_TEST_RUN = run
  return async () => {
    const gone = once(reaper, 'exit')
    reaper.stdin?.end()
    await gone
  }
}
