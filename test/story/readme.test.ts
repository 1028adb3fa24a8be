import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { projectDirectory } from '../../lib/project/projectDirectory.ts'
import { codeBlocks, readDocument, readme } from '../support/readme.ts'
import { comparisonRows } from './comparison.ts'

test('the README has at most a thousand words', () => {
  const words = readme.split(/\s+/).filter((each) => /[A-Za-z0-9]/.test(each))
  expect(words.length).toBeLessThanOrEqual(1000)
})

test('the table of the README agrees with the committed benchmarks', () => {
  for (const row of comparisonRows()) expect(readme).toContain(row)
})

test('the documentation names exactly the variables and parameters that the project reads', () => {
  const text = readFileSync(join(projectDirectory, 'docs/configuration.md'), 'utf8')
  const mentioned = new Set(
    [...text.matchAll(/`(PORT|REDIS_URL|DYNAMODB_ENDPOINT|STOREFRONT_[A-Z]+|AISLE_[A-Z_]+)`/g)].map(
      ([, name]) => name,
    ),
  )
  const start = readFileSync(join(projectDirectory, 'cli/start.ts'), 'utf8')
  const read = new Set([...start.matchAll(/^ {2}(PORT|[A-Z]+_[A-Z_]+) /gm)].map(([, name]) => name))
  expect(mentioned).toEqual(read)
  const parameters = [
    ...readFileSync(join(projectDirectory, 'serverless.yml'), 'utf8').matchAll(/\$\{param:(\w+)\}/g),
  ].map(([, name]) => name)
  // These differ between this machine and AWS. The user cannot choose them.
  const fixed = ['dynamodbEndpoint', 'redisUrl', 'redisIam']
  for (const name of new Set(parameters)) {
    if (!fixed.includes(name ?? '')) expect(text).toContain(`\`${name}\``)
  }
})

test('every link of the documentation leads to a file, and every directory of the layout exists', () => {
  const pages = [
    'README.md',
    'lib/cacheAside/README.md',
    'bench/README.md',
    ...readdirSync(join(projectDirectory, 'docs'))
      .filter((name) => name.endsWith('.md'))
      .map((name) => `docs/${name}`),
  ]
  expect(pages.length).toBeGreaterThan(10)
  for (const page of pages)
    for (const [, path = ''] of readDocument(page).matchAll(/\]\((?!http|#)([^)#]+)(#[^)]*)?\)/g))
      expect(existsSync(join(projectDirectory, dirname(page), path)), `${page}: ${path}`).toBe(true)
  const layout = codeBlocks('text', 'docs/README.md').find((text) => text.startsWith('functions/')) ?? ''
  const directories = [...layout.matchAll(/^(\S+)/gm)].map(([, path = '']) => path)
  expect(directories.length).toBeGreaterThan(8)
  for (const path of directories) expect(existsSync(join(projectDirectory, path)), path).toBe(true)
})

test('every page of the documentation is in its index', () => {
  for (const name of readdirSync(join(projectDirectory, 'docs')))
    if (name.endsWith('.md') && name !== 'README.md')
      expect(readDocument('docs/README.md')).toContain(`(${name})`)
})
