import { runSuite } from './support/runSuite.ts'

// Run `npm run sandbox -- --help` for the options.
await runSuite({
  name: 'sandbox',
  measurements: ['freshSandbox'],
  summary:
    'Measures the first request of a sandbox and the first one after a freeze, with a full processor and with 0.29 of one.',
  minutes: 3,
})
