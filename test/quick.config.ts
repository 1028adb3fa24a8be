import { defineConfig } from 'vitest/config'
import whole from '../vitest.config.ts'

const { projects: _, ...shared } = whole.test ?? {}

/** What a change is tried with, in less than two minutes on two processors: what needs no browser, no peace and no patience. */
const folders = [
  ...['architecture', 'cacheAside', 'catalog', 'clients', 'functions', 'http', 'operations', 'stream'],
  ...['story', 'telemetry'],
]
const slow = [
  ...['catalog/busyProduct', 'http/databaseErrorsAnswered', 'http/anyEvent', 'cacheAside/package'],
  ...['operations/health', 'operations/auditNoFalseAlarm', 'operations/warmIsBounded', 'story/smoke'],
]

export default defineConfig({
  test: {
    ...shared,
    include: folders.map((folder) => `test/${folder}/*.test.ts`),
    exclude: slow.map((file) => `test/${file}.test.ts`),
    maxWorkers: 2,
  },
})
