import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * Cleans up after a test run, even if the run is killed. Every process that the run starts is marked and has ended when
 * this returns. Every temporary file lies in one directory, which is then removed: that includes the files of Chromium,
 * Java, Serverless and other programs that do not remove them if they are killed.
 */
export default async function setup() {
  const run = randomUUID()
  const directory = mkdtempSync(join(tmpdir(), 'aisle-run-'))
  const { AISLE_TEST_RUN: _, AISLE_TEST_FILE: __, ...env } = process.env
  const script = fileURLToPath(new URL('./runCleanupProcess.ts', import.meta.url))
  const cleaner = spawn(process.execPath, [script, run, directory], {
    // Detached from the terminal, so that Ctrl-C does not end it. It ends when its input closes, with this process.
    ...{ detached: true, env, stdio: ['pipe', 'ignore', 'ignore'] },
  })
  const { JAVA_TOOL_OPTIONS: javaOptions } = process.env
  Object.assign(process.env, {
    AISLE_TEST_RUN: run,
    TMPDIR: directory,
    // Java does not read TMPDIR. The quotes are for a path that contains spaces.
    JAVA_TOOL_OPTIONS: `${javaOptions ? `${javaOptions} ` : ''}"-Djava.io.tmpdir=${directory}"`,
  })
  return async () => {
    const exited = once(cleaner, 'exit')
    cleaner.stdin?.end()
    await exited
  }
}
