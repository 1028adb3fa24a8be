import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { handler as getProduct } from '../../functions/getProduct.ts'
import { contextOf, eventOf } from './event.ts'

/**
 * A Lambda handler behind plain node:http: `getProduct`, or with the argument `constant` one that always returns the
 * same answer, which getProduct has given once.
 */
const answer = await getProduct(eventOf('p-0'), contextOf())
const constant: typeof getProduct = async () => answer
const handler = process.argv[2] === 'constant' ? constant : getProduct

const server = createServer(async ({ url = '' }, response) => {
  const { statusCode, headers, body } = await handler(eventOf(url.slice('/products/'.length)), contextOf())
  response.writeHead(statusCode, headers)
  response.end(body)
})
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))
process.on('disconnect', () => process.exit())
