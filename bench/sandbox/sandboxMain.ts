import { createRequire } from 'node:module'
import { contextOf, eventOf } from '../http/event.ts'

/** The response to a request, and how long it took. */
export interface Answered {
  ms: number
  statusCode: number
  /** The header `cache-status`. */
  cache: string
}

type Handler = (
  event: object,
  context: object,
) => Promise<{ statusCode: number; headers: Record<string, string> }>

// A process that loads a function's bundle and then answers requests. Each message is the name of the function.
const { handler }: { handler: Handler } = createRequire(import.meta.url)(process.argv[2] ?? '')

const product = { title: 'Moka pot', category: 'kitchen/coffee', price: { amount: 2900, currency: 'EUR' } }
const writer = { authorizer: { lambda: { subject: 'bench', scope: 'catalog:write' } } }

process.on('message', async (name) => {
  const read = eventOf('1')
  const event =
    name === 'putProduct'
      ? {
          ...read,
          headers: { ...read.headers, 'content-type': 'application/json' },
          body: JSON.stringify(product),
          requestContext: { ...read.requestContext, ...writer },
        }
      : read
  const begun = performance.now()
  const { statusCode, headers } = await handler(event, contextOf())
  const answered: Answered = {
    ms: performance.now() - begun,
    statusCode,
    cache: headers['cache-status'] ?? '',
  }
  process.send?.(answered)
})
process.send?.('ready')
