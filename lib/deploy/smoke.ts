import { randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { createSmokeClient, type SmokeClient, type SmokeClientOptions } from './smokeClient.ts'

const category = 'smoke-test'
const product = { title: 'Smoke test', category, price: { amount: 1, currency: 'EUR' } }
const updatedTitle = 'Smoke test, updated'

/**
 * Checks a deployed or local catalogue step by step: a read misses, the next read hits, and an update becomes
 * visible. Creates a product of its own and deletes it at the end, even if a step fails; the product's tombstone
 * expires. Without a token it only reads.
 *
 * @throws {SmokeFailure} at the first step that fails, with the beginning of the answer
 */
export async function smoke(options: SmokeClientOptions): Promise<void> {
  const id = `smoke-${randomUUID()}`
  const client = createSmokeClient(options)
  await checkReads(client, id)
  if (options.token === undefined) return
  try {
    await checkWrites(client, id)
  } catch (error) {
    await client
      .write('DELETE', `/products/${id}`)()
      .catch(() => {})
    throw error
  }
}

/** Runs the steps that write nothing. */
async function checkReads({ step, eventually, request, read }: SmokeClient, id: string): Promise<void> {
  await eventually('the catalogue and its servers are healthy', read('/health'), {
    status: 200,
    body: ({ status }) => status === 'ok',
  })
  await step('a write without a token is refused', () => request('PUT', `/products/${id}`, {}, product), {
    status: 401,
    body: ({ type }) => type === 'urn:aisle:problem:no-valid-token',
  })
  await step('an unknown product gets a problem document', read(`/products/${id}-none`), {
    status: 404,
    body: ({ type }) => /^urn:aisle:problem:/.test(type),
  })
  await step('the categories are listed', read('/categories'), { status: 200 })
  const { body: home } = await step('the shop shows its home page', read('/'), {
    status: 200,
    body: (page) => /<html/.test(page),
  })
  const [, style = '/'] = /<link rel="stylesheet" href="([^"]+)"/.exec(home) ?? []
  await step('the shop has its style sheet', read(style), {
    status: 200,
    body: (text) => !/<html/.test(text),
  })
}

/** Runs the steps that create, update and delete the product. */
async function checkWrites({ step, eventually, read, write }: SmokeClient, id: string): Promise<void> {
  const path = `/products/${id}`
  await step('a product is created', write('PUT', path, product), {
    status: 201,
    cache: /invalidation-done/,
  })
  await step('the first read misses and stores', read(path), {
    status: 200,
    cache: /^aisle; fwd=uri-miss; stored/,
  })
  const { headers } = await eventually('the next read is a hit', read(path), {
    status: 200,
    cache: /^aisle; hit/,
  })
  await step(
    'a client with the current ETag gets 304',
    read(path, { 'if-none-match': headers.get('etag') ?? '' }),
    {
      status: 304,
    },
  )
  await step('the product is updated', write('PUT', path, { ...product, title: updatedTitle }), {
    status: 200,
    cache: /invalidation-done/,
  })
  await eventually('the update is visible', read(path), {
    status: 200,
    body: ({ title }) => title === updatedTitle,
  })
  await eventually('the update is visible on the product page', read(`${path}/page`), {
    status: 200,
    body: ({ product }) => product.title === updatedTitle,
  })
  await step('the product has no reviews yet', read(`${path}/reviews`), {
    status: 200,
    body: ({ items }) => isDeepStrictEqual(items, []),
  })
  await step('a batch names the product that is missing', read(`/products?ids=${id},${id}-none`), {
    status: 200,
    body: ({ items, missing }) =>
      items[0]?.title === updatedTitle && isDeepStrictEqual(missing, [`${id}-none`]),
  })
  await eventually('the category lists the product', read(`/products?category=${category}`), {
    status: 200,
    body: ({ items }) => items.some((item: { id: string }) => item.id === id),
  })
  await step('the product is deleted', write('DELETE', path), { status: 204, cache: /invalidation-done/ })
  await eventually('the deleted product is gone', read(path), { status: 404 })
}
