import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { parseProduct } from '../../lib/catalog/product/parseProduct.ts'
import { putProduct } from '../../lib/catalog/product/putProduct.ts'
import { freePort } from '../../lib/local/servers/ports.ts'
import { projectDirectory } from '../../lib/project/projectDirectory.ts'
import { aProduct } from '../support/http.ts'
import { startServices } from '../support/offline.ts'

const run = promisify(execFile)

test('serverless invoke local prints the response and exits, although the function keeps a connection to Redis', async () => {
  const services = await startServices()
  try {
    await putProduct(services, '1', parseProduct(aProduct).content)
    for (const cache of [/fwd=uri-miss; stored/, /hit/]) {
      const { stdout } = await run(
        'npx',
        ['serverless', 'invoke', 'local', '-f', 'getProduct', '-d', '{"pathParameters":{"id":"1"}}'],
        // It takes about 5 s. If the function keeps it running, it hangs.
        { cwd: projectDirectory, env: services.env, timeout: 40_000 },
      )
      const answer = JSON.parse(stdout.slice(stdout.indexOf('\n{') + 1))
      expect(answer.statusCode).toBe(200)
      expect(answer.headers['cache-status']).toMatch(cache)
      expect(JSON.parse(answer.body)).toMatchObject({ id: '1', title: 'Moka pot' })
    }
  } finally {
    await services.stop()
  }
}, 120_000)

test('serverless invoke local exits if Redis is away, or accepts connections and never answers', async () => {
  const services = await startServices()
  const silent = createServer(() => {}).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  try {
    await putProduct(services, '1', parseProduct(aProduct).content)
    for (const port of [await freePort(), (silent.address() as AddressInfo).port]) {
      const { stdout } = await run(
        'npx',
        ['serverless', 'invoke', 'local', '-f', 'getProduct', '-d', '{"pathParameters":{"id":"1"}}'],
        {
          cwd: projectDirectory,
          env: { ...services.env, REDIS_URL: `redis://127.0.0.1:${port}` },
          timeout: 40_000,
        },
      )
      expect(stdout).toContain('"statusCode": 200')
      expect(stdout).toContain('fwd=bypass; detail=redis-')
    }
  } finally {
    silent.close()
    await services.stop()
  }
}, 120_000)
