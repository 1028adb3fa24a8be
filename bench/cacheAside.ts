import { runSuite } from './support/runSuite.ts'

// Run `npm run cache -- --help` for the options.
await runSuite({
  name: 'cacheAside',
  measurements: [
    'hitPath',
    'clusterHitPath',
    'getMany',
    'roundTrips',
    'oneLoad',
    'staleFill',
    'redisStopped',
    'entryMemory',
    'processMemory',
  ],
  summary: 'Compares lib/cacheAside with a bare Redis client and six cache libraries.',
  minutes: 6,
})
