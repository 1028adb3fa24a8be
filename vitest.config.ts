import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    globalSetup: ['test/support/runMark.ts', 'test/support/globalSetup.ts'],
    setupFiles: ['test/support/eachFile.ts'],
    // What a test that passed has printed is noise; the logs of the handlers above all.
    silent: 'passed-only',
    testTimeout: 60_000,
    // What is waited for comes late on a machine that does much else; how soon is for the benchmarks.
    expect: { poll: { timeout: 10_000 } },
    hookTimeout: 60_000,
    env: { REDIS_URL: '', DYNAMODB_ENDPOINT: '' },
    projects: [
      {
        extends: true,
        test: {
          name: 'tests',
          include: ['test/**/*.test.ts'],
          exclude: ['test/**/timed/**', 'test/fixtures/**'],
          sequence: { groupOrder: 0 },
          // Each worker runs real servers beside it.
          maxWorkers: 2,
        },
      },
      {
        extends: true,
        test: {
          // The promises about time: alone, one after another, when nothing else runs. See test/support/timed.ts.
          name: 'timed',
          include: ['test/**/timed/*.test.ts'],
          sequence: { groupOrder: 1 },
          fileParallelism: false,
          maxWorkers: 1,
          // A run may be void twice before the one that counts.
          testTimeout: 180_000,
        },
      },
    ],
  },
})
