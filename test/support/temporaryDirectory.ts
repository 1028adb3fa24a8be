import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const directories = new Set<string>()

/** Creates a directory for temporary files. It is removed when this process exits. */
export function temporaryDirectory(prefix: string): string {
  if (directories.size === 0)
    process.once('exit', () => {
      for (const directory of directories) rmSync(directory, { recursive: true, force: true })
    })
  const directory = mkdtempSync(join(tmpdir(), prefix))
  directories.add(directory)
  return directory
}
