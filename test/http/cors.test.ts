import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { corsHeaders } from '../../lib/http/cors.ts'
import { storefrontOrigins } from '../../lib/local/stack.ts'
import { projectDirectory } from '../../lib/project/projectDirectory.ts'
import { aProduct, freshHandlers } from '../support/http.ts'

const { get, put } = await freshHandlers()
await put('1', { body: aProduct })
const from = (origin: string) => ({ headers: { origin } })

const exposed = 'ETag, Link, Cache-Status, Location, Retry-After, Server-Timing'

test('a listed origin is named, with the headers that its scripts may read, on successes, 304s and problems', async () => {
  const { headers } = await get('1')
  const responses = [
    await get('1', from('https://shop.example')),
    await get('1', { headers: { Origin: 'https://shop.example', 'if-none-match': headers.etag ?? '' } }),
    await get('nothing', from('https://shop.example')),
    await get('no id', from('https://shop.example')),
    await put('1', { body: '{', ...from('https://shop.example') }),
  ]
  expect(responses.map(({ statusCode }) => statusCode)).toEqual([200, 304, 404, 400, 400])
  for (const response of responses) {
    expect(response.headers).toMatchObject({
      'access-control-allow-origin': 'https://shop.example',
      'access-control-expose-headers': exposed,
      'timing-allow-origin': 'https://shop.example',
      vary: 'Origin',
    })
    expect(response.headers).not.toHaveProperty('access-control-allow-credentials')
  }
})

test('no other origin is named, and every response varies by Origin', async () => {
  const otherOrigins = [
    'https://evil.example',
    'https://shop.example.evil.example',
    'http://shop.example',
    'https://shop.example:8443',
    'https://SHOP.example',
    'null',
    '*',
    '',
  ]
  for (const response of [
    await get('1'),
    ...(await Promise.all(otherOrigins.map((origin) => get('1', from(origin))))),
  ]) {
    expect(response.statusCode).toBe(200)
    expect(response.headers.vary).toBe('Origin')
    expect(Object.keys(response.headers).filter((name) => /^access-control|^timing/.test(name))).toEqual([])
  }
})

test('without storefronts there are no CORS headers', () => {
  for (const none of [undefined, '']) {
    const headers = {}
    corsHeaders(none)(headers, 'https://shop.example')
    expect(headers).toEqual({})
  }
})

test('an entry that is not an origin is refused, because it would match nothing or everything', () => {
  for (const invalid of [
    '*',
    'null',
    'shop.example',
    'https://shop.example/',
    'https://a.example, https://b.example',
    ',',
    ...[
      'https://*',
      'http://*',
      'https://*.shop.example',
      'https://shop.*',
      'https://shop.example:*',
      'https://s*p.example',
    ],
    ...[
      'https://shop.example/path',
      'https://shop.example?a',
      'https://shop.example#a',
      'https://shop.example:443',
    ],
    ...[
      'https://',
      'https:///path',
      'https://:443',
      'https://.',
      'https://..example',
      'https://user@shop.example',
    ],
    ...[
      'https://SHOP.example',
      'https://\u200eshop.example',
      'ftp://shop.example',
      'https://a.example\nhttps://b.example',
    ],
  ])
    expect(() => corsHeaders(invalid), invalid).toThrow(/STOREFRONT_ORIGINS.*must be an origin/)
})

test('origins with a port, an address or one label are accepted', () => {
  const valid = [
    'https://shop.example:8443',
    'http://127.0.0.1:3000',
    'http://[::1]:3000',
    'http://localhost',
  ]
  for (const origin of valid) {
    const headers: Record<string, string> = {}
    corsHeaders(valid.join())(headers, origin)
    expect(headers['access-control-allow-origin']).toBe(origin)
  }
})

test('on AWS the gateway sends the same headers, from the same parameter', () => {
  const read = (file: string) => parse(readFileSync(join(projectDirectory, file), 'utf8'))
  const { provider } = read('serverless.yml')
  const { extensions, Conditions } = read('resources/http.yml')
  const parameter = '${param:storefrontOrigins}'
  expect(provider.environment.STOREFRONT_ORIGINS).toBe(parameter)
  const [condition, cors, none] = extensions.HttpApi.Properties.CorsConfiguration['Fn::If']
  expect(Conditions[condition]).toEqual({ 'Fn::Not': [{ 'Fn::Equals': [parameter, ''] }] })
  expect(cors.AllowOrigins).toEqual({ 'Fn::Split': [',', parameter] })
  expect(cors.ExposeHeaders).toEqual(exposed.toLowerCase().split(', '))
  expect(cors).not.toHaveProperty('AllowCredentials')
  expect(none).toEqual({ Ref: 'AWS::NoValue' })
})

test('the local catalogue lists the origin of its own pages, as a browser sends it', async () => {
  const require = createRequire(import.meta.url)
  const localOrigins = require('../../resources/localOrigins.cjs')
  for (const [port, origins] of Object.entries({
    3000: 'http://127.0.0.1:3000,http://localhost:3000',
    80: 'http://127.0.0.1,http://localhost',
  })) {
    expect(storefrontOrigins({}, Number(port))).toBe(origins)
    expect(await localOrigins({ resolveVariable: async () => port })).toEqual({
      all: origins,
      shop: origins.split(',')[0],
    })
  }
  expect(storefrontOrigins({ STOREFRONT_ORIGINS: '' }, 3000)).toBe('')
})
