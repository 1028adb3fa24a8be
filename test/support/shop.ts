import { setTimeout as sleep } from 'node:timers/promises'
import { QueryCommand } from '@aws-sdk/lib-dynamodb'
import { freePort } from '../../lib/local/servers/server.ts'
import { startStack } from '../../lib/local/stack.ts'
import { startServices } from './offline.ts'

/** Waits until the stream has counted the sample's products, 30 s at most: the first page is cached as it is then. */
async function categoriesAreCounted({ db, table }: Awaited<ReturnType<typeof startServices>>): Promise<void> {
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
 * What `npm start` runs, with a Redis and a DynamoDB Local of its own and the sample catalogue in it. Both are there
 * for the caller to stop.
 */
export async function startShop() {
  const services = await startServices()
  const { env } = services
  const stack = await startStack({
    ...{ env, home: env.AISLE_HOME, port: await freePort(), signal: new AbortController().signal },
    ...{ say: () => {}, done: () => {}, onLine: () => {} },
  }).catch(async (error) => {
    await services.stop()
    throw error
  })
  await categoriesAreCounted(services)
  // A browser asks for six files at once, for which the emulator starts six threads: as after somebody else's visit.
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
    /** Writes through the API, as somebody who may. */
    put: (id: string, product: object) => write('PUT', `/products/${id}`, product),
    patch: (id: string, changes: object) => write('PATCH', `/products/${id}`, changes),
    /** @returns the review, with the id that it got */
    review: (id: string, review: object) => write('POST', `/products/${id}/reviews`, review),
    async stop() {
      await stack.stop()
      await services.stop()
    },
  }
}
