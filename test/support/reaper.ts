import { endAllWith } from './leftovers.ts'

// Outlives the run that it was started by, whatever ended that, and then ends what the run has left behind.
const [run = ''] = process.argv.slice(2)
process.env.AISLE_TEST_RUN = run
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
process.stdin.resume().on('close', () => endAllWith('AISLE_TEST_RUN', run))
