import { runSuite } from './support/runSuite.ts'

// Run `npm run network -- --help` for the options.
await runSuite({
  name: 'network',
  measurements: ['atTheDefaults', 'waiter'],
  summary:
    'Compares lib/cacheAside with six cache libraries, all at their defaults, over a network with a round trip of 1 ms.',
  minutes: 12,
})
