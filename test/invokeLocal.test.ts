import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { parseProduct } from '../lib/catalog/product.ts'
import { putProduct } from '../lib/catalog/putProduct.ts'
import { projectFolder } from '../lib/local/folder.ts'
import { aProduct } from './support/http.ts'
import { startServices } from './support/offline.ts'

const run = promisify(execFile)

test('serverless invoke local prints the answer and exits, though it holds a connection to Redis', async () => {
  const services = await startServices()
  try {
    await putProduct(services.db, services.table, '1', parseProduct(aProduct).content)
    for (const cache of [/fwd=uri-miss; stored/, /hit/]) {
      const { stdout } = await run(
        'npx',
        ['serverless', 'invoke', 'local', '-f', 'getProduct', '-d', '{"pathParameters":{"id":"1"}}'],
        // The limit is the promise: 10 s, on a machine that may be busy with other tests.
        { cwd: projectFolder, env: services.env, timeout: 20_000 },
      )
      const answer = JSON.parse(stdout.slice(stdout.indexOf('\n{') + 1))
      expect(answer.statusCode).toBe(200)
      expect(answer.headers['cache-status']).toMatch(cache)
      expect(JSON.parse(answer.body)).toMatchObject({ id: '1', title: 'Moka pot' })
    }
  } finally {
    await services.stop()
  }
}, 60_000)
