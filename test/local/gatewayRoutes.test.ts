import { createRequire } from 'node:module'
import { describe, expect, it } from 'vitest'

const { matchRoute, readTarget, routesOf } = createRequire(import.meta.url)(
  '../../resources/gatewayRoutes.cjs',
)
const match = (httpApi: unknown, method: string, target: string) =>
  matchRoute(routesOf({ any: { events: [{ httpApi }] } }), method, target)

describe('the local gateway reads a request target', () => {
  it.each([
    ['/products/1?a=1', { path: '/products/1?a=1' }],
    ['//none', { path: '//none' }],
    // What a client sends to a proxy. A server must accept it (RFC 9112, 3.2.2).
    ['http://127.0.0.1:3000/products/1?a=//b', { path: '/products/1?a=//b', host: '127.0.0.1:3000' }],
    ['HTTPS://localhost', { path: '/', host: 'localhost' }],
    ['http://[::1]:3000?a=1', { path: '/?a=1', host: '[::1]:3000' }],
    ['http://a@127.0.0.1/', { path: '/', host: 'a@127.0.0.1' }],
  ])('%s', (target, expected) => {
    expect(readTarget(target)).toEqual(expected)
  })

  it.each(['*', '*%', '\\', '', '?', 'x:y', 'http:', 'http:///none', 'a:80'])(
    'and refuses %j, which is neither a path nor a URL',
    (target) => {
      expect(readTarget(target)).toBeUndefined()
    },
  )
})

describe('the local gateway matches', () => {
  it.each(['* /a/{id}', 'ANY /a/{id}', { method: '*', path: '/a/{id}' }, { method: 'any', path: '/a/{id}' }])(
    'every method to the route %j',
    (httpApi) => {
      for (const method of ['GET', 'HEAD', 'PROPFIND'])
        expect(match(httpApi, method, '/a/1?x'), method).toBe('route')
      expect(match(httpApi, 'GET', '/a')).toBeUndefined()
    },
  )

  it.each(['*', { path: '*' }, { method: '*', path: '*' }])('every request to the route %j', (httpApi) => {
    for (const target of ['/', '/a/', '//a', '/a/b?c=d']) expect(match(httpApi, 'GET', target)).toBe('rest')
  })
})
