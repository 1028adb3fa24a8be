import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    globalSetup: ['test/support/runCleanup.ts', 'test/support/globalSetup.ts'],
    setupFiles: ['test/support/fileSetup.ts'],
    // Hides the output of passed tests, which is mostly the handlers' logs.
    silent: 'passed-only',
    testTimeout: 60_000,
    // Most concurrent tests wait for retries and timeouts.
    maxConcurrency: 16,
    // A busy machine can be slow. The benchmarks measure how soon each thing happens.
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
          // Each worker starts real servers.
          maxWorkers: 2,
        },
      },
      {
        extends: true,
        test: {
          // The tests of time limits. They run one after another, after all other tests. See test/support/timed.ts.
          name: 'timed',
          include: ['test/**/timed/*.test.ts'],
          sequence: { groupOrder: 1 },
          fileParallelism: false,
          maxWorkers: 1,
          // A test can have two discarded runs before the one that counts.
          testTimeout: 180_000,
        },
      },
    ],
  },
})
