import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { connectRedis } from '../../test/support/connectRedis.ts'
import { checkoutOf, importFrom } from '../support/checkouts.ts'
import { contextOf, eventOf } from './event.ts'

/*
 * A server process of httpAdapter.ts: plain node:http in front of what the first argument names. `getProduct` is that
 * handler, of this checkout or the other. `constant` is a handler that always returns one response, which getProduct
 * returned before. `bare GET` is not a handler: the server answers with the text of one GET.
 */
const [, , contender = '', redisUrl = ''] = process.argv
const { handler: getProduct }: typeof import('../../functions/getProduct.ts') = await importFrom(
  checkoutOf(contender),
  'functions/getProduct.ts',
)
const idOf = (url = '') => url.slice('/products/'.length)

const redis = connectRedis(redisUrl)
const answer = await getProduct(eventOf('p-0'), contextOf())
const constant: typeof getProduct = async () => answer
const handler = contender === 'constant' ? constant : getProduct

const server =
  contender === 'bare GET'
    ? createServer(async ({ url }, response) => {
        const text = await redis.get(`bare:${idOf(url)}`)
        response.writeHead(text === null ? 404 : 200, { 'content-type': 'application/json' })
        response.end(text ?? '')
      })
    : createServer(async ({ url }, response) => {
        const { statusCode, headers, body } = await handler(eventOf(idOf(url)), contextOf())
        response.writeHead(statusCode, headers)
        response.end(body)
      })
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))
process.on('disconnect', () => process.exit())
