import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { projectDirectory } from '../../lib/project/projectDirectory.ts'
import { atMost, type Measure } from '../support/measurement.ts'
import { median, quantile, round } from '../support/statistics.ts'
import { withTemporaryDirectory } from '../support/temporaryDirectory.ts'
import { bundle, functionFiles } from './bundles.ts'

const rounds = 25

/** The clients that getProduct cannot do without, imported and created as getProduct does it. */
const clients = `
  import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
  import { BatchGetCommand, DynamoDBDocumentClient, GetCommand, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb'
  import { Redis } from 'ioredis'
  export const commands = [BatchGetCommand, GetCommand, PutCommand, QueryCommand]
  export const db = DynamoDBDocumentClient.from(new DynamoDBClient({ region: 'eu-central-1' }))
  export const redis = new Redis('redis://127.0.0.1:1', { lazyConnect: true })
`

/**
 * Measures how long a new process takes to import the bundle of getProduct, in turns with a bundle of lib-dynamodb and
 * ioredis only. Also measures the size of every function's bundle.
 */
export const measure: Measure = (report) =>
  withTemporaryDirectory(async (directory) => {
    const sizes: Record<string, number> = {}
    const fileOf = (name: string) => join(directory, `${name}.cjs`)
    report('bundling')
    for (const [name, file] of Object.entries(functionFiles))
      sizes[name] = await bundle(fileOf(name), { entryPoints: [file] })
    sizes.clients = await bundle(fileOf('clients'), {
      stdin: { contents: clients, resolveDir: projectDirectory },
    })
    const times: Record<string, number[]> = { getProduct: [], clients: [] }
    const ratios: number[] = []
    for (let n = 0; n < rounds; n++) {
      report(`round ${n + 1} of ${rounds}`)
      const order = n % 2 ? ['getProduct', 'clients'] : ['clients', 'getProduct']
      const ms = Object.fromEntries(order.map((name) => [name, importTime(fileOf(name))]))
      // The first round reads the files from the disk and does not count.
      if (n === 0) continue
      for (const name of order) times[name]?.push(ms[name] ?? 0)
      ratios.push((ms.getProduct ?? 0) / (ms.clients ?? 0))
    }
    return {
      rows: Object.fromEntries(
        Object.entries(sizes).map(([name, bytes]) => {
          const measured = times[name] ?? []
          return [
            name === 'clients' ? 'lib-dynamodb and ioredis' : name,
            {
              KB: round(bytes / 1000, 1),
              ...(measured.length > 0 && {
                'import, ms': round(median(measured), 1),
                'p90, ms': round(quantile(measured, 0.9), 1),
              }),
            },
          ]
        }),
      ),
      demands: {
        'import of getProduct, to its clients alone': atMost(1.25, round(median(ratios), 3)),
        'bundle of getProduct, KB': atMost(700, round((sizes.getProduct ?? 0) / 1000, 1)),
      },
    }
  })

/** Returns how long a process of its own takes to import a bundle, ms. */
function importTime(file: string): number {
  const script = `const begun = performance.now(); require(${JSON.stringify(file)}); console.log(performance.now() - begun)`
  const env = {
    ...process.env,
    TABLE_NAME: 'bench',
    REDIS_URL: 'redis://127.0.0.1:1',
    AWS_REGION: 'eu-central-1',
  }
  return Number(execFileSync(process.execPath, ['-e', script], { env, encoding: 'utf8', timeout: 30_000 }))
}
