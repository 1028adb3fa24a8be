import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { ScanCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { freePort } from '../../lib/local/servers/server.ts'
import { runScript } from '../support/cli.ts'
import { startNpxOffline, startServices } from '../support/offline.ts'

let services: Awaited<ReturnType<typeof startServices>>
let offline: Awaited<ReturnType<typeof startNpxOffline>>
beforeAll(async () => {
  services = await startServices()
  offline = await startNpxOffline(services.env)
}, 90_000)
afterAll(async () => {
  await offline?.stop()
  await services?.stop()
})

const smoke = (...args: string[]) => runScript('cli/smoke.ts', args, { PATH: process.env.PATH })

/** The products that are there, tombstones left out. */
async function products(): Promise<string[]> {
  const { Items = [] } = await services.db.send(
    new ScanCommand({ TableName: services.table, ConsistentRead: true }),
  )
  return Items.filter(({ sk, deleted }) => sk === 'PRODUCT' && !deleted).map(({ id }) => id)
}

/** The catalog, with answers that `change` has had in its hands. */
async function distorted(
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
    const told = ['content-type', 'cache-status', 'etag'].flatMap((name) => {
      const value = answer.headers.get(name)
      return value ? [[name, value] as const] : []
    })
    response.writeHead(answer.status, Object.fromEntries(told)).end(await answer.text())
  }).listen(0, '127.0.0.1')
  onTestFinished(() => server.close().closeAllConnections())
  await new Promise((resolve) => server.once('listening', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('the main story goes well against the local stack, and leaves no product behind', async () => {
  const { code, out, err } = await smoke(offline.url, '--token', await services.token())
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(out.match(/^ok /gm)).toHaveLength(18)
  expect(out).toMatch(/18 steps went well\n$/)
  expect(await products()).toEqual([])
})

test('without a token it writes nothing', async () => {
  const { code, out } = await smoke(offline.url)
  expect(code).toBe(0)
  expect(out).toContain('without a token nothing was written')
  expect(await products()).toEqual([])
})

test('an update that stays unseen is noticed, and the product deleted all the same', async () => {
  const first = new Map<string, { body: string; init: ResponseInit }>()
  const url = await distorted(async ({ method, path }, answer) => {
    if (method !== 'GET' || answer.status !== 200 || !/^\/products\/smoke-[\w-]+$/.test(path)) return answer
    const init = { status: 200, headers: answer.headers }
    const kept = first.get(path) ?? { body: await answer.text(), init }
    first.set(path, kept)
    return new Response(kept.body, init)
  })
  const { code, err } = await smoke(url, '--token', await services.token(), '--patience', '1')
  expect(code).toBe(1)
  expect(err).toMatch(
    /^FAILED {2}and is seen: the answer is another one than expected\n.*"title":"Smoke test"/,
  )
  expect(await products()).toEqual([])
})

test('a cache that stores nothing is noticed', async () => {
  const url = await distorted((_, answer) => {
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
  expect(await products()).toEqual([])
})

test('a token that is worth nothing, a server that is away and bad usage are told apart', async () => {
  const refused = await smoke(offline.url, '--token', 'a.b.c')
  expect(refused).toMatchObject({
    code: 1,
    err: expect.stringContaining('a product is created: the status is 401'),
  })
  const port = await freePort()
  const away = await smoke(`http://127.0.0.1:${port}`)
  expect(away).toMatchObject({ code: 1, err: expect.stringMatching(/does not answer: connect ECONNREFUSED/) })
  expect(await smoke('shop.example')).toMatchObject({
    code: 1,
    err: expect.stringContaining('must be a URL'),
  })
  expect(await smoke()).toMatchObject({ code: 1, out: expect.stringContaining('Usage:') })
  expect(await smoke('--help')).toMatchObject({ code: 0, out: expect.stringContaining('Usage:') })
})
