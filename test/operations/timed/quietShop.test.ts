import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'vitest'
import { parse } from 'yaml'
import { projectDirectory } from '../../../lib/project/projectDirectory.ts'
import { startControl } from '../../support/control.ts'
import { freshTables } from '../../support/dynamodb.ts'
import { fileCleanup } from '../../support/fileCleanup.ts'
import { aProduct } from '../../support/http.ts'
import { startNetwork } from '../../support/network.ts'
import { secureServer } from '../../support/secureCache.ts'
import { timed } from '../../support/timed.ts'

const afterFile = fileCleanup()
const network = await startNetwork()
afterFile(() => network.worker.kill())
const control = await startControl(network, afterFile)
const { endpoint, table, idempotencyTable } = await freshTables()
const secure = await secureServer(table)
const { port } = new URL(secure.url)
const wire = await network.open(Number(port), 10)

const { Resources } = parse(readFileSync(join(projectDirectory, 'resources/watching.yml'), 'utf8'), {
  merge: true,
})
/** Returns the functions' own metrics that an alarm counts. */
const metricsOf = (alarm: string): string[] =>
  Resources[alarm].Properties.Metrics?.flatMap(
    ({ MetricStat }: { MetricStat?: { Metric: { Namespace: string; MetricName: string } } }) =>
      MetricStat && !MetricStat.Metric.Namespace.startsWith('AWS/') ? MetricStat.Metric.MetricName : [],
  ) ?? [Resources[alarm].Properties.MetricName]

/** Runs one request in a new sandbox, and returns the line that it logs. */
async function runInNewSandbox(handler: string, request: object): Promise<Record<string, unknown>> {
  const code = `
    const { toEvent } = await import('./test/support/http.ts')
    const { handler } = await import('./functions/${handler}.ts')
    await handler(toEvent(${JSON.stringify(request)}), { getRemainingTimeInMillis: () => 6000 })`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', code], {
    cwd: projectDirectory,
    timeout: 30_000,
    env: {
      PATH: process.env.PATH,
      TABLE_NAME: table,
      IDEMPOTENCY_TABLE: idempotencyTable,
      DYNAMODB_ENDPOINT: endpoint,
      REDIS_URL: secure.url.replace(port, String(wire.port)),
      NODE_EXTRA_CA_CERTS: secure.authorityFile,
    },
  })
  return JSON.parse(stdout)
}

timed(
  'G4: no alarm is raised in a shop with so few requests that each one has a new sandbox',
  { control, reset: () => wire.reset() },
  async () => {
    const watched = [...metricsOf('FailOpen'), ...metricsOf('DeferredInvalidations')]
    expect(new Set(watched).size).toBe(5)
    // A repeated run starts with a new product too.
    const id = randomUUID()
    for (let minute = 0; minute < 5; minute++) {
      const lines = [
        await runInNewSandbox('putProduct', { path: { id }, body: aProduct }),
        await runInNewSandbox('getProduct', { path: { id } }),
        await runInNewSandbox('getPage', { path: { id } }),
        await runInNewSandbox('getProduct', { path: { id } }),
      ]
      expect(lines.map(({ status }) => status)).toEqual([minute === 0 ? 201 : 200, 200, 200, 200])
      expect(lines.map((line) => watched.filter((metric) => metric in line))).toEqual([[], [], [], []])
      expect(lines[3]).toMatchObject({ hits: 1 })
    }
  },
)
