import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { projectDirectory } from '../../lib/project/projectDirectory.ts'
import { findCycles, type Import, importsBelow, packagesBelow } from './imports.ts'
import { entryPoints, layers, packages } from './layers.ts'

const imports = importsBelow(['lib', 'functions', 'cli'])

const format = ({ from, to }: Import) => `${from} -> ${to}`
const isIn = (directory: string) => (file: string) => file.startsWith(`${directory}/`)
const layerOf = (file: string): number =>
  layers.findIndex((directories) => directories.some((each) => isIn(each)(file)))
const directoryOf = (file: string): string | undefined => layers.flat().find((each) => isIn(each)(file))

test('every source file belongs to a layer', () => {
  const files = imports.flatMap(({ from, to }) => [from, to])
  expect([...new Set(files)].filter((file) => layerOf(file) < 0)).toEqual([])
})

test('a directory imports only from itself and from lower layers', () => {
  const wrong = imports.filter(
    ({ from, to }) => directoryOf(from) !== directoryOf(to) && layerOf(to) >= layerOf(from),
  )
  expect(wrong.map(format)).toEqual([])
})

test('a directory with entry points is imported only through them', () => {
  const wrong = Object.entries(entryPoints).flatMap(([directory, files]) => {
    const allowed = files.map((file) => `${directory}/${file}`)
    return imports.filter(
      ({ from, to }) => isIn(directory)(to) && !isIn(directory)(from) && !allowed.includes(to),
    )
  })
  expect(wrong.map(format)).toEqual([])
})

test('no imports form a cycle, including imports of types', () => {
  expect(findCycles(imports)).toEqual([])
})

test('a directory that can be used alone imports only its own packages', () => {
  for (const [directory, allowed] of Object.entries(packages))
    expect(packagesBelow(directory).filter((name) => !allowed.includes(name))).toEqual([])
})

test('a handler has at most 20 lines and uses no table and no cache itself', () => {
  for (const file of readdirSync(join(projectDirectory, 'functions'))) {
    const text = readFileSync(join(projectDirectory, 'functions', file), 'utf8')
    expect(text, file).not.toMatch(/clients\/(dynamodb|redis)|cacheAside|@aws-sdk|ioredis/)
    expect(text.trimEnd().split('\n').length, file).toBeLessThanOrEqual(20)
  }
})
