import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { projectFolder } from '../../lib/project/folder.ts'
import { blocksOf, readme } from '../support/readme.ts'

test('every variable and parameter of the README is one that the project reads, and the other way round', () => {
  const mentioned = new Set(
    [...readme.matchAll(/`(PORT|REDIS_URL|DYNAMODB_ENDPOINT|STOREFRONT_[A-Z]+|AISLE_[A-Z_]+)`/g)].map(
      ([, name]) => name,
    ),
  )
  const start = readFileSync(join(projectFolder, 'cli/start.ts'), 'utf8')
  const read = new Set([...start.matchAll(/^ {2}(PORT|[A-Z]+_[A-Z_]+) /gm)].map(([, name]) => name))
  expect(mentioned).toEqual(read)
  const parameters = [
    ...readFileSync(join(projectFolder, 'serverless.yml'), 'utf8').matchAll(/\$\{param:(\w+)\}/g),
  ].map(([, name]) => name)
  // What differs between this machine and AWS, and is nobody's to choose.
  const given = ['dynamodbEndpoint', 'redisUrl', 'redisIam']
  for (const name of new Set(parameters)) {
    if (!given.includes(name ?? '')) expect(readme).toContain(`\`${name}\``)
  }
})

test('every folder of the layout exists, and every link of the README leads somewhere', () => {
  const layout = blocksOf('text').find((text) => text.startsWith('functions/')) ?? ''
  const paths = [...layout.matchAll(/^(\S+)/gm), ...readme.matchAll(/\]\((?!http)([^)#]+)\)/g)].map(
    ([, path = '']) => path,
  )
  expect(paths.length).toBeGreaterThan(8)
  for (const path of paths) expect(() => readFileSync(join(projectFolder, path)), path).not.toThrow(/ENOENT/)
})
