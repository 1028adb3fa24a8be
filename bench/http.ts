import { measureAll } from './run.ts'

/** Runs the measurements of the HTTP interface; `npm run http -- --help` says how. */
await measureAll({
  folder: 'http',
  names: ['hitHandler', 'storefrontPage', 'coldStart', 'httpAdapter'],
  about:
    'Measures the functions beside a bare Redis client, a bundle of their clients, and a handler of a constant.',
  minutes: 8,
})
