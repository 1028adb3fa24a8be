import { randomUUID } from 'node:crypto'
import { afterAll } from 'vitest'
import { endAllWith, noteChildren } from './leftovers.ts'

// Before every test file: what it starts ends with it, also where a test or the file itself failed half way.
const file = randomUUID()
process.env.AISLE_TEST_FILE = file
noteChildren()
const end = () => endAllWith('AISLE_TEST_FILE', file)
// The first hook to be registered is the last to run: after the file's own, which end things in good order.
afterAll(end)
// A file that fails before its first test has no hooks. Its process is ended by the runner.
process.once('SIGTERM', () => process.exit())
process.once('exit', end)
