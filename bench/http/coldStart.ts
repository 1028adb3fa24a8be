import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { projectFolder } from '../../lib/project/folder.ts'
import { atMost, type Measure, median, quantile, round } from '../cacheAside/measured.ts'
import { bundle, functionFiles } from './bundles.ts'

const rounds = 25

/** The clients alone, as far as getProduct uses them, made as it makes them: without them there is no catalog. */
const clients = `
  import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
  import { BatchGetCommand, DynamoDBDocumentClient, GetCommand, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb'
  import { Redis } from 'ioredis'
  export const commands = [BatchGetCommand, GetCommand, PutCommand, QueryCommand]
  export const db = DynamoDBDocumentClient.from(new DynamoDBClient({ region: 'eu-central-1' }))
  export const redis = new Redis('redis://127.0.0.1:1', { lazyConnect: true })
`

/**
 * How long a fresh process takes to import the bundle of getProduct, beside a bundle that holds only lib-dynamodb and
 * ioredis, in turns; and the bundles of all functions.
 */
export const measure: Measure = async (say) => {
  const folder = mkdtempSync(join(tmpdir(), 'aisle-bench-'))
  try {
    const sizes: Record<string, number> = {}
    const fileOf = (name: string) => join(folder, `${name}.cjs`)
    say('bundling')
    for (const [name, file] of Object.entries(functionFiles))
      sizes[name] = await bundle(fileOf(name), { entryPoints: [file] })
    sizes.clients = await bundle(fileOf('clients'), {
      stdin: { contents: clients, resolveDir: projectFolder },
    })
    const times: Record<string, number[]> = { getProduct: [], clients: [] }
    const ratios: number[] = []
    for (let n = 0; n < rounds; n++) {
      say(`round ${n + 1} of ${rounds}`)
      const order = n % 2 ? ['getProduct', 'clients'] : ['clients', 'getProduct']
      const ms = Object.fromEntries(order.map((name) => [name, importTime(fileOf(name))]))
      // The first of each reads the file from the disk.
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
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** ms, in a process of its own. */
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
