import { randomUUID } from 'node:crypto'
import { afterAll } from 'vitest'
import { killMarked, recordChildren } from './markedProcesses.ts'

// Runs before every test file. Processes that the file starts end with it, even if a test or the file itself fails.
const file = randomUUID()
process.env.AISLE_TEST_FILE = file
recordChildren()
const end = () => killMarked('AISLE_TEST_FILE', file)
// The hook that is registered first runs last: after the file's own hooks, which stop their servers in order.
afterAll(end)
// A file that fails before its first test runs no hooks. The runner then ends its process.
process.once('SIGTERM', () => process.exit())
process.once('exit', end)
