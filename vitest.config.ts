import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/globalSetup.ts'],
    // What a test that passed has printed is noise; the logs of the handlers above all.
    silent: 'passed-only',
    // Servers that answer late since the machine is busy are no fault; what is one fails twice.
    retry: 1,
    testTimeout: 60_000,
    // What is waited for comes late on a machine that does much else; how soon is for the benchmarks.
    expect: { poll: { timeout: 10_000 } },
    hookTimeout: 60_000,
    // Each worker runs real servers beside it.
    maxWorkers: 2,
    env: { REDIS_URL: '', DYNAMODB_ENDPOINT: '' },
  },
})
