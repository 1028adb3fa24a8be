import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/globalSetup.ts'],
    // What a test that passed has printed is noise; the logs of the handlers above all.
    silent: 'passed-only',
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // Each worker runs real servers beside it.
    maxWorkers: 2,
    env: { REDIS_URL: '', DYNAMODB_ENDPOINT: '' },
  },
})
