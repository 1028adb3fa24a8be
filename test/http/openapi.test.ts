import { readdir, readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
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

/** A line for each route: the function, the request, and whether it wants a token. Pages for people are no part of it. */
const routes = Object.entries(functions).flatMap(([name, { events = [] }]) =>
  events.flatMap(({ httpApi }) => {
    if (!httpApi || name === 'storefront') return []
    if (typeof httpApi === 'string') return `${name}: ${httpApi}`
    return `${name}: ${httpApi.method} ${httpApi.path}${httpApi.authorizer ? ', with a token' : ''}`
  }),
)

test('the routes of serverless.yml and the operations of the document are the same', () => {
  const described = [...operations].map(
    ([id, { method, path, operation }]) =>
      `${id}: ${method.toUpperCase()} ${path}${operation.security.some(({ token }) => token) ? ', with a token' : ''}`,
  )
  expect(described.sort()).toEqual(routes.sort())
})

test('each problem type of the code is described, and each described one is in the code', async () => {
  const files = [...operations.keys()].map((id) => `functions/${id}.ts`)
  // The storefront's errors are pages.
  for (const file of await readdir(new URL('lib', root), { recursive: true }))
    if (file.endsWith('.ts') && !file.startsWith('storefront')) files.push(`lib/${file}`)
  const sources = (await Promise.all(files.map(read))).join('\n')
  const types = [...sources.matchAll(/new Problem\(\s*\d{3},\s*'([a-z-]+)'/g)].map(
    ([, code]) => `urn:aisle:problem:${code}`,
  )
  // They are found by their spelling: one that is spelt in another way must not go unseen.
  expect(types).toHaveLength([...sources.matchAll(/new Problem\(/g)].length)
  expect([...new Set(types)].sort()).toEqual([...problemTypes.keys()].sort())
})

test('the version of the document is that of the package', async () => {
  expect(document.info.version).toBe(JSON.parse(await read('package.json')).version)
})
