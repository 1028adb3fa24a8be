import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { corsHeaders } from '../../lib/http/cors.ts'
import { storefrontOrigins } from '../../lib/local/stack.ts'
import { projectFolder } from '../../lib/project/folder.ts'
import { aProduct, freshHandlers } from '../support/http.ts'

const { get, put } = await freshHandlers()
await put('1', { body: aProduct })
const from = (origin: string) => ({ headers: { origin } })

const exposed = 'ETag, Link, Cache-Status, Location, Retry-After, Server-Timing'

test('a listed origin is named, with what its scripts may read, on answers, 304 and problems alike', async () => {
  const { headers } = await get('1')
  const answers = [
    await get('1', from('https://shop.example')),
    await get('1', { headers: { Origin: 'https://shop.example', 'if-none-match': headers.etag ?? '' } }),
    await get('nothing', from('https://shop.example')),
    await get('no id', from('https://shop.example')),
    await put('1', { body: '{', ...from('https://shop.example') }),
  ]
  expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 304, 404, 400, 400])
  for (const answer of answers) {
    expect(answer.headers).toMatchObject({
      'access-control-allow-origin': 'https://shop.example',
      'access-control-expose-headers': exposed,
      'timing-allow-origin': 'https://shop.example',
      vary: 'Origin',
    })
    expect(answer.headers).not.toHaveProperty('access-control-allow-credentials')
  }
})

test('no other origin is named, and every answer varies by it', async () => {
  const strangers = [
    'https://evil.example',
    'https://shop.example.evil.example',
    'http://shop.example',
    'https://shop.example:8443',
    'https://SHOP.example',
    'null',
    '*',
    '',
  ]
  for (const answer of [
    await get('1'),
    ...(await Promise.all(strangers.map((origin) => get('1', from(origin))))),
  ]) {
    expect(answer.statusCode).toBe(200)
    expect(answer.headers.vary).toBe('Origin')
    expect(Object.keys(answer.headers).filter((name) => /^access-control|^timing/.test(name))).toEqual([])
  }
})

test('without storefronts there are no such headers at all', () => {
  for (const none of [undefined, '']) {
    const headers = {}
    corsHeaders(none)(headers, 'https://shop.example')
    expect(headers).toEqual({})
  }
})

test('what is no origin is refused before it could match nothing or all', () => {
  for (const wrong of [
    '*',
    'null',
    'shop.example',
    'https://shop.example/',
    'https://a.example, https://b.example',
    ',',
  ])
    expect(() => corsHeaders(wrong), wrong).toThrow(/STOREFRONT_ORIGINS.*must be an origin/)
})

test('on AWS the gateway says the same, from the same parameter', () => {
  const read = (file: string) => parse(readFileSync(join(projectFolder, file), 'utf8'))
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

test('the local catalog lists its own pages, by the origin that a browser names', async () => {
  const require = createRequire(import.meta.url)
  const localOrigins = require('../../resources/localOrigins.cjs')
  for (const [port, origins] of Object.entries({
    3000: 'http://127.0.0.1:3000,http://localhost:3000',
    80: 'http://127.0.0.1,http://localhost',
  })) {
    expect(storefrontOrigins({}, Number(port))).toBe(origins)
    expect(await localOrigins({ resolveVariable: async () => port })).toBe(origins)
  }
  expect(storefrontOrigins({ STOREFRONT_ORIGINS: '' }, 3000)).toBe('')
})
