import { runSuite } from './support/runSuite.ts'

// Run `npm run http -- --help` for the options.
await runSuite({
  name: 'http',
  measurements: ['hitHandler', 'storefrontPage', 'coldStart', 'httpAdapter'],
  summary:
    'Compares the functions with a bare Redis client, a bundle of their clients, and a handler that returns a constant.',
  minutes: 8,
})
