import { setTimeout as sleep } from 'node:timers/promises'
import { QueryCommand } from '@aws-sdk/lib-dynamodb'
import { freePort } from '../../lib/local/servers/ports.ts'
import { startStack } from '../../lib/local/stack.ts'
import { startServices } from './offline.ts'

/**
 * Waits up to 30 s until the stream has counted the sample products. The home page is cached, so a read before that would
 * cache incomplete counts.
 */
async function waitForCategoryCounts({
  db,
  table,
}: Awaited<ReturnType<typeof startServices>>): Promise<void> {
  const query = new QueryCommand({
    ...{ TableName: table, KeyConditionExpression: 'pk = :pk' },
    ExpressionAttributeValues: { ':pk': 'CATEGORIES' },
  })
  let before = ''
  for (let attempt = 0; attempt < 60; attempt++) {
    const { Items = [] } = await db.send(query)
    const now = JSON.stringify(Items)
    if (Items.length > 0 && now === before) return
    before = now
    await sleep(500)
  }
}

export type Shop = Awaited<ReturnType<typeof startShop>>

/**
 * Starts what `npm start` runs, with its own Redis and DynamoDB Local and the sample catalogue. The caller may stop both
 * servers.
 */
export async function startShop() {
  const services = await startServices()
  const { env } = services
  const stack = await startStack({
    ...{ env, dataDirectory: env.AISLE_HOME, port: await freePort(), signal: new AbortController().signal },
    ...{ print: () => {}, onReady: () => {}, onLine: () => {} },
  }).catch(async (error) => {
    await services.stop()
    throw error
  })
  await waitForCategoryCounts(services)
  // A browser requests six files at once. The emulator starts a thread for each, so that the first visit does not have to.
  const files = Array.from({ length: 6 }, () => fetch(`${stack.url}/assets/none.css`))
  await Promise.all(files)
  const write = async (method: string, path: string, body: object): Promise<{ id: string }> => {
    const response = await fetch(`${stack.url}${path}`, {
      ...{ method, body: JSON.stringify(body), signal: AbortSignal.timeout(10_000) },
      headers: {
        authorization: `Bearer ${await services.token('catalog:write reviews:write')}`,
        'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json',
      },
    })
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
    return (await response.json()) as { id: string }
  }
  return {
    url: stack.url,
    services,
    /** Writes through the API with a token that allows it. */
    put: (id: string, product: object) => write('PUT', `/products/${id}`, product),
    patch: (id: string, changes: object) => write('PATCH', `/products/${id}`, changes),
    /** Writes a review. @returns the stored review with its id */
    review: (id: string, review: object) => write('POST', `/products/${id}/reviews`, review),
    async stop() {
      await stack.stop()
      await services.stop()
    },
  }
}
