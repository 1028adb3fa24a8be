import { randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'

export interface SmokeOptions {
  /** Where the catalog answers, without a path. */
  url: string
  /** With the scope catalog:write. Without one nothing is written, and only what can be read is looked at. */
  token?: string | undefined
  /** For how long an answer may be another one than expected, ms: a CDN may keep one for as long as it may be stale. */
  patience: number
  /** Told of each step that went well, and the ms it took. */
  done: (step: string, ms: number) => void
}

/** A step of the story that went wrong, for a person. */
export class SmokeFailure extends Error {
  override name = 'SmokeFailure'
}

interface Answer {
  status: number
  headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: whatever is answered, of which the steps name what they look at
  json: any
}

/** What an answer has to be like: its status, the start of its Cache-Status, and members of its JSON. */
interface Expected {
  status: number
  cache?: RegExp
  json?: (json: Answer['json']) => boolean
}

const price = { amount: 1, currency: 'EUR' }
const category = 'smoke-test'

/**
 * Runs the main story against a catalog, wherever it is: a read misses, the next one hits, an update is seen. It uses a
 * product of its own and deletes it again, also when it fails; its tombstone expires.
 *
 * Each request may take 10 s.
 *
 * @throws {SmokeFailure} at the first step that goes wrong, with what was answered
 */
export async function smoke({ url, token, patience, done }: SmokeOptions): Promise<void> {
  const id = `smoke-${randomUUID()}`
  const ask = async (method: string, path: string, extra: Record<string, string> = {}, body?: object) => {
    const response = await fetch(new URL(path, url), {
      method,
      headers: { ...extra, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
      redirect: 'error',
      signal: AbortSignal.timeout(10_000),
    })
    const text = await response.text()
    return { status: response.status, headers: response.headers, json: parse(text) }
  }
  const write = (method: string, path: string, body?: object) =>
    ask(method, path, { authorization: `Bearer ${token}` }, body)

  /** Asks until the answer is as expected, or patience is over. */
  const step = async (what: string, request: () => Promise<Answer>, expected: Expected, patient = false) => {
    const begun = performance.now()
    for (;;) {
      const answer = await request().catch((error) => {
        throw new SmokeFailure(`${what}: ${url} does not answer: ${error.cause?.message ?? error.message}`)
      })
      const wrong = difference(answer, expected)
      const ms = performance.now() - begun
      if (!wrong) {
        done(what, ms)
        return answer
      }
      if (!patient || ms > patience) throw new SmokeFailure(`${what}: ${wrong}${told(answer)}`)
      await new Promise((resolve) => setTimeout(resolve, 250))
    }
  }
  const read = (path: string, headers?: Record<string, string>) => () => ask('GET', path, headers)

  await step(
    'it is healthy, and so are its servers',
    read('/health'),
    {
      ...{ status: 200, json: ({ status }) => status === 'ok' },
    },
    true,
  )
  const product = { title: 'Smoke test', category, price }
  await step('nobody writes without a token', () => ask('PUT', `/products/${id}`, {}, product), {
    ...{ status: 401, json: ({ type }) => type === 'urn:aisle:problem:no-valid-token' },
  })
  await step('what is not there is a problem document', read(`/products/${id}-none`), {
    ...{ status: 404, json: ({ type }) => /^urn:aisle:problem:/.test(type) },
  })
  await step('the categories are told', read('/categories'), { status: 200 })
  const { json: home } = await step('the shop shows itself', read('/'), {
    ...{ status: 200, json: (page) => /<html/.test(page) },
  })
  const [, style = '/'] = /<link rel="stylesheet" href="([^"]+)"/.exec(home) ?? []
  await step('in its own style', read(style), { status: 200, json: (text) => !/<html/.test(text) })
  if (token === undefined) return

  try {
    const path = `/products/${id}`
    await step('a product is created', () => write('PUT', path, product), {
      ...{ status: 201, cache: /invalidation-done/ },
    })
    await step('a read misses and stores', read(path), { status: 200, cache: /^aisle; fwd=uri-miss; stored/ })
    const { headers } = await step(
      'the next read is a hit',
      read(path),
      { status: 200, cache: /^aisle; hit/ },
      true,
    )
    await step('who has it already is told so', read(path, { 'if-none-match': headers.get('etag') ?? '' }), {
      status: 304,
    })
    const title = 'Smoke test, updated'
    await step('an update goes through', () => write('PUT', path, { ...product, title }), {
      ...{ status: 200, cache: /invalidation-done/ },
    })
    const isNew: Expected = { status: 200, json: (json) => json.title === title }
    await step('and is seen', read(path), isNew, true)
    await step(
      'also on the product page',
      read(`${path}/page`),
      {
        ...{ status: 200, json: (json) => json.product.title === title },
      },
      true,
    )
    await step('there are no reviews yet', read(`${path}/reviews`), {
      ...{ status: 200, json: ({ items }) => isDeepStrictEqual(items, []) },
    })
    await step('a batch says what is missing', read(`/products?ids=${id},${id}-none`), {
      status: 200,
      json: ({ items, missing }) => items[0]?.title === title && isDeepStrictEqual(missing, [`${id}-none`]),
    })
    await step(
      'the category lists it',
      read(`/products?category=${category}`),
      {
        ...{ status: 200, json: ({ items }) => items.some((item: { id: string }) => item.id === id) },
      },
      true,
    )
    await step('it is deleted', () => write('DELETE', path), { status: 204, cache: /invalidation-done/ })
    await step('and gone', read(path), { status: 404 }, true)
  } catch (error) {
    await write('DELETE', `/products/${id}`).catch(() => {})
    throw error
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** What is wrong with an answer; undefined if nothing. */
function difference(answer: Answer, { status, cache, json }: Expected): string | undefined {
  if (answer.status !== status) return `the status is ${answer.status} and not ${status}`
  const cacheStatus = answer.headers.get('cache-status')
  if (cache && !cache.test(cacheStatus ?? '')) return `Cache-Status is ${cacheStatus} and not like ${cache}`
  try {
    return !json || json(answer.json) ? undefined : 'the answer is another one than expected'
  } catch {
    return 'the answer is not what the catalog answers'
  }
}

/** The beginning of what was answered, so that nobody has to ask again by hand. */
const told = ({ json }: Answer): string => {
  const text = typeof json === 'string' ? json : JSON.stringify(json)
  return text ? `\n${text.slice(0, 500)}` : ''
}
