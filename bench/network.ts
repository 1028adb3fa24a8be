import { measureAll } from './run.ts'

/** Runs the measurements of lib/cacheAside at a distance from its Redis; `npm run network -- --help` says how. */
await measureAll({
  folder: 'network',
  names: ['atTheDefaults', 'waiter'],
  about:
    'Measures lib/cacheAside at its defaults, with its Redis a millisecond away, beside six cache libraries.',
  minutes: 12,
})
