import { measureAll } from './run.ts'

/** Runs the measurements of lib/cacheAside; `npm run cache -- --help` says how. */
await measureAll({
  folder: 'cacheAside',
  names: [
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
  about: 'Measures lib/cacheAside beside a bare Redis client and six cache libraries.',
  minutes: 6,
})
