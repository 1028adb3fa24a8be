import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'vitest'
import { parse } from 'yaml'
import { projectFolder } from '../../../lib/project/folder.ts'
import { startControl } from '../../support/control.ts'
import { freshTables } from '../../support/dynamodb.ts'
import { untilFileEnds } from '../../support/ends.ts'
import { aProduct } from '../../support/http.ts'
import { startNetwork } from '../../support/network.ts'
import { secureServer } from '../../support/secureCache.ts'
import { timed } from '../../support/timed.ts'

const ends = untilFileEnds()
const network = await startNetwork()
ends(() => network.worker.kill())
const control = await startControl(network, ends)
const { endpoint, table, idempotencyTable } = await freshTables()
const secure = await secureServer(table)
const { port } = new URL(secure.url)
const wire = await network.open(Number(port), 10)

const { Resources } = parse(readFileSync(join(projectFolder, 'resources/watching.yml'), 'utf8'), {
  merge: true,
})
/** What an alarm counts of the functions' own metrics. */
const countedBy = (alarm: string): string[] =>
  Resources[alarm].Properties.Metrics?.flatMap(
    ({ MetricStat }: { MetricStat?: { Metric: { Namespace: string; MetricName: string } } }) =>
      MetricStat && !MetricStat.Metric.Namespace.startsWith('AWS/') ? MetricStat.Metric.MetricName : [],
  ) ?? [Resources[alarm].Properties.MetricName]

/** One request of a sandbox that has just been made, and the line that it logs. */
async function request(handler: string, request: object): Promise<Record<string, unknown>> {
  const code = `
    const { eventOf } = await import('./test/support/http.ts')
    const { handler } = await import('./functions/${handler}.ts')
    await handler(eventOf(${JSON.stringify(request)}), { getRemainingTimeInMillis: () => 6000 })`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', code], {
    cwd: projectFolder,
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
  'G4: in a shop that is asked so seldom that each request has a sandbox of its own, no alarm rings',
  { control, reset: () => wire.reset() },
  async () => {
    const watched = [...countedBy('FailOpen'), ...countedBy('DeferredInvalidations')]
    expect(new Set(watched).size).toBe(5)
    for (let minute = 0; minute < 5; minute++) {
      const lines = [
        await request('putProduct', { path: { id: 'a' }, body: aProduct }),
        await request('getProduct', { path: { id: 'a' } }),
        await request('getPage', { path: { id: 'a' } }),
        await request('getProduct', { path: { id: 'a' } }),
      ]
      expect(lines.map(({ status }) => status)).toEqual([minute === 0 ? 201 : 200, 200, 200, 200])
      expect(lines.map((line) => watched.filter((metric) => metric in line))).toEqual([[], [], [], []])
      expect(lines[3]).toMatchObject({ hits: 1 })
    }
  },
)
