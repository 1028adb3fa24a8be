import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { projectFolder } from '../../lib/project/folder.ts'
import { blocksOf, pageOf, readme } from '../support/readme.ts'
import { comparison } from './comparison.ts'

test('the README has at most a thousand words', () => {
  const words = readme.split(/\s+/).filter((each) => /[A-Za-z0-9]/.test(each))
  expect(words.length).toBeLessThanOrEqual(1000)
})

test('the README says of other libraries what the committed benchmarks say', () => {
  for (const row of comparison()) expect(readme).toContain(row)
})

test('every variable and parameter that is documented is one that the project reads, and the other way round', () => {
  const text = readFileSync(join(projectFolder, 'docs/configuration.md'), 'utf8')
  const mentioned = new Set(
    [...text.matchAll(/`(PORT|REDIS_URL|DYNAMODB_ENDPOINT|STOREFRONT_[A-Z]+|AISLE_[A-Z_]+)`/g)].map(
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
    if (!given.includes(name ?? '')) expect(text).toContain(`\`${name}\``)
  }
})

test('every link of the documentation leads somewhere, and every folder of the layout exists', () => {
  const pages = [
    'README.md',
    'lib/cacheAside/README.md',
    'bench/README.md',
    ...readdirSync(join(projectFolder, 'docs'))
      .filter((name) => name.endsWith('.md'))
      .map((name) => `docs/${name}`),
  ]
  expect(pages.length).toBeGreaterThan(10)
  for (const page of pages)
    for (const [, path = ''] of pageOf(page).matchAll(/\]\((?!http|#)([^)#]+)(#[^)]*)?\)/g))
      expect(existsSync(join(projectFolder, dirname(page), path)), `${page}: ${path}`).toBe(true)
  const layout = blocksOf('text', 'docs/README.md').find((text) => text.startsWith('functions/')) ?? ''
  const folders = [...layout.matchAll(/^(\S+)/gm)].map(([, path = '']) => path)
  expect(folders.length).toBeGreaterThan(8)
  for (const path of folders) expect(existsSync(join(projectFolder, path)), path).toBe(true)
})

test('every page of the documentation is in its index', () => {
  for (const name of readdirSync(join(projectFolder, 'docs')))
    if (name.endsWith('.md') && name !== 'README.md') expect(pageOf('docs/README.md')).toContain(`(${name})`)
})
