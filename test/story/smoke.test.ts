import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { ScanCommand } from '@aws-sdk/lib-dynamodb'
import { expect, onTestFinished, test } from 'vitest'
import { freePort } from '../../lib/local/servers/ports.ts'
import { runScript } from '../support/cli.ts'
import { startOfflineApi } from '../support/offlineApi.ts'

const { services, offline } = await startOfflineApi()

const smoke = (...args: string[]) => runScript('cli/smoke.ts', args, { PATH: process.env.PATH })

/** Reads the ids of all products but the deleted ones. */
async function readProductIds(): Promise<string[]> {
  const { Items = [] } = await services.db.send(
    new ScanCommand({ TableName: services.table, ConsistentRead: true }),
  )
  return Items.filter(({ sk, deleted }) => sk === 'PRODUCT' && !deleted).map(({ id }) => id)
}

/** Starts a proxy of the catalogue whose answers `change` may replace. Returns its URL. */
async function startProxy(
  change: (request: { method: string; path: string }, answer: Response) => Response | Promise<Response>,
) {
  const server = createServer(async (request, response) => {
    const { method = 'GET', url: path = '/' } = request
    const body = await text(request)
    const { host: _, connection: __, ...headers } = request.headers as Record<string, string>
    const answer = await change(
      { method, path },
      await fetch(`${offline.url}${path}`, { method, headers, ...(body && { body }) }),
    )
    const passedOn = ['content-type', 'cache-status', 'etag'].flatMap((name) => {
      const value = answer.headers.get(name)
      return value ? [[name, value] as const] : []
    })
    response.writeHead(answer.status, Object.fromEntries(passedOn)).end(await answer.text())
  }).listen(0, '127.0.0.1')
  onTestFinished(() => server.close().closeAllConnections())
  await new Promise((resolve) => server.once('listening', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('all steps pass against the local stack, and no product is left', async () => {
  const { code, out, err } = await smoke(offline.url, '--token', await services.token())
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(out.match(/^ok /gm)).toHaveLength(18)
  expect(out).toMatch(/18 steps passed\n$/)
  expect(await readProductIds()).toEqual([])
})

test('without a token the smoke test writes nothing', async () => {
  const { code, out } = await smoke(offline.url)
  expect(code).toBe(0)
  expect(out).toContain('nothing was written without a token')
  expect(await readProductIds()).toEqual([])
})

test('the smoke test fails if an update stays invisible, and still deletes the product', async () => {
  const first = new Map<string, { body: string; init: ResponseInit }>()
  const url = await startProxy(async ({ method, path }, answer) => {
    if (method !== 'GET' || answer.status !== 200 || !/^\/products\/smoke-[\w-]+$/.test(path)) return answer
    const init = { status: 200, headers: answer.headers }
    const original = first.get(path) ?? { body: await answer.text(), init }
    first.set(path, original)
    return new Response(original.body, init)
  })
  const { code, err } = await smoke(url, '--token', await services.token(), '--patience', '1')
  expect(code).toBe(1)
  expect(err).toMatch(
    /^FAILED {2}the update is visible: the answer does not have the expected content\n.*"title":"Smoke test"/,
  )
  expect(await readProductIds()).toEqual([])
})

test('the smoke test fails if the cache stores nothing', async () => {
  const url = await startProxy((_, answer) => {
    const headers = new Headers(answer.headers)
    if (headers.get('cache-status')?.includes('hit'))
      headers.set('cache-status', 'aisle; fwd=bypass; detail=redis-away')
    return new Response(answer.status === 304 || answer.status === 204 ? null : answer.body, {
      status: answer.status,
      headers,
    })
  })
  const { code, err } = await smoke(url, '--token', await services.token(), '--patience', '1')
  expect(code).toBe(1)
  expect(err).toContain('the next read is a hit: Cache-Status is aisle; fwd=bypass; detail=redis-away')
  expect(await readProductIds()).toEqual([])
})

test('the smoke test reports an invalid token, a server that does not answer, and wrong usage', async () => {
  const refused = await smoke(offline.url, '--token', 'a.b.c')
  expect(refused).toMatchObject({
    code: 1,
    err: expect.stringContaining('a product is created: the status is 401'),
  })
  const port = await freePort()
  const unreachable = await smoke(`http://127.0.0.1:${port}`)
  expect(unreachable).toMatchObject({
    code: 1,
    err: expect.stringMatching(/does not answer: connect ECONNREFUSED/),
  })
  expect(await smoke('shop.example')).toMatchObject({
    code: 1,
    err: expect.stringContaining('must be a URL'),
  })
  expect(await smoke()).toMatchObject({ code: 1, out: expect.stringContaining('Usage:') })
  expect(await smoke('--help')).toMatchObject({ code: 0, out: expect.stringContaining('Usage:') })
})
