import { readdir, readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { apiRoutes, shopPaths } from '../../lib/http/unknownPath.ts'
import { document, operations, problemTypes } from '../support/openapi.ts'

const root = new URL('../../', import.meta.url)
const read = (file: string) => readFile(new URL(file, root), 'utf8')
const { functions }: { functions: Record<string, { events?: { httpApi?: string | Route }[] }> } = parse(
  await read('serverless.yml'),
)
interface Route {
  method: string
  path: string
  authorizer?: { name: string }
}

/**
 * A line for each route: the function, the request, and whether it needs a token. The storefront's pages are left
 * out.
 */
const routes = Object.entries(functions).flatMap(([name, { events = [] }]) =>
  events.flatMap(({ httpApi }) => {
    if (!httpApi || name === 'storefront') return []
    if (typeof httpApi === 'string') return `${name}: ${httpApi}`
    return `${name}: ${httpApi.method} ${httpApi.path}${httpApi.authorizer ? ', with a token' : ''}`
  }),
)

test('docs/openapi.yml describes exactly the routes of serverless.yml', () => {
  const described = [...operations].map(
    ([id, { method, path, operation }]) =>
      `${id}: ${method.toUpperCase()} ${path}${operation.security.some(({ token }) => token) ? ', with a token' : ''}`,
  )
  expect(described.sort()).toEqual(routes.sort())
})

test('a 405 lists exactly the methods that serverless.yml has for a path of the API', () => {
  const listed = Object.entries(apiRoutes).flatMap(([path, methods]) =>
    methods.map((method) => `${method} ${path}`),
  )
  const served = routes.map((route) => route.replace(/^\w+: |, with a token$/g, ''))
  expect(listed.sort()).toEqual(served.sort())
})

test('a 405 knows exactly the paths that serverless.yml has for the shop, each for GET and HEAD', () => {
  const served = (functions.storefront?.events ?? []).map(({ httpApi }) => String(httpApi))
  const own = served.filter((route) => !route.includes('{path+}'))
  const known = shopPaths.flatMap((path) => [`GET ${path}`, `HEAD ${path}`])
  expect(known.sort()).toEqual(own.sort())
})

test('docs/openapi.yml describes exactly the problem types of the code', async () => {
  const files = [...operations.keys()].map((id) => `functions/${id}.ts`)
  // The storefront responds to errors with pages.
  for (const file of await readdir(new URL('lib', root), { recursive: true }))
    if (file.endsWith('.ts') && !file.startsWith('storefront')) files.push(`lib/${file}`)
  const sources = (await Promise.all(files.map(read))).join('\n')
  const types = [...sources.matchAll(/new Problem\(\s*\d{3},\s*'([a-z-]+)'/g)].map(
    ([, code]) => `urn:aisle:problem:${code}`,
  )
  // The pattern finds problems by how they are written. Every call must be written that way.
  expect(types).toHaveLength([...sources.matchAll(/new Problem\(/g)].length)
  expect([...new Set(types)].sort()).toEqual([...problemTypes.keys()].sort())
})

test('docs/openapi.yml has the version of package.json', async () => {
  expect(document.info.version).toBe(JSON.parse(await read('package.json')).version)
})
