import { rmSync } from 'node:fs'
import { killMarked } from './markedProcesses.ts'

// Outlives the test run that started it, however the run ends. Then it kills the run's processes and removes the
// directory of its temporary files.
const [run = '', directory = ''] = process.argv.slice(2)
Object.assign(process.env, { AISLE_TEST_RUN: run, TMPDIR: directory })
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
process.stdin.resume().on('close', () => {
  killMarked('AISLE_TEST_RUN', run)
  rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
})
