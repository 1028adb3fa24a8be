import { defineConfig } from 'vitest/config'
import config from '../vitest.config.ts'

const { projects: _, ...shared } = config.test ?? {}

/**
 * The quick tests for a change. They take about two minutes on two processors, need no browser, and leave out the
 * timed and the slow tests.
 */
const directories = [
  ...['architecture', 'cacheAside', 'catalog', 'clients', 'functions', 'http', 'operations', 'stream'],
  ...['story', 'telemetry'],
]
const slowFiles = [
  ...['catalog/busyProduct', 'http/databaseErrors', 'http/anyEvent', 'cacheAside/package'],
  ...['functions/readCost', 'functions/unreadableProducts', 'functions/issuerIsAway', 'catalog/ownReview'],
  ...['catalog/listingBudget', 'http/preconditions', 'stream/unreadableProducts', 'telemetry/noValuesInLog'],
  ...['operations/health', 'operations/auditNoFalseAlarm', 'operations/warmIsBounded', 'story/smoke'],
]

export default defineConfig({
  test: {
    ...shared,
    include: directories.map((directory) => `test/${directory}/*.test.ts`),
    exclude: slowFiles.map((file) => `test/${file}.test.ts`),
    maxWorkers: 2,
  },
})
