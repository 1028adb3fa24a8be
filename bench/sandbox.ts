import { measureAll } from './run.ts'

/** Runs the measurement of the first and the thawed requests of a sandbox; `npm run sandbox -- --help` says how. */
await measureAll({
  folder: 'sandbox',
  names: ['freshSandbox'],
  about:
    'Measures the first request of a sandbox, and the first one after it was frozen, at a full processor and at 0.29.',
  minutes: 3,
})
