import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { projectFolder } from '../../lib/project/folder.ts'
import { circlesIn, type Import, importsBelow, packagesBelow } from './imports.ts'
import { doors, layers, packages } from './layers.ts'

const imports = importsBelow(['lib', 'functions', 'cli'])

const told = ({ from, to }: Import) => `${from} -> ${to}`
const isIn = (folder: string) => (file: string) => file.startsWith(`${folder}/`)
const layerOf = (file: string): number =>
  layers.findIndex((folders) => folders.some((each) => isIn(each)(file)))
const folderOf = (file: string): string | undefined => layers.flat().find((each) => isIn(each)(file))

test('every source file stands in a layer', () => {
  const files = imports.flatMap(({ from, to }) => [from, to])
  expect([...new Set(files)].filter((file) => layerOf(file) < 0)).toEqual([])
})

test('no arrow goes up, nor aside', () => {
  const wrong = imports.filter(
    ({ from, to }) => folderOf(from) !== folderOf(to) && layerOf(to) >= layerOf(from),
  )
  expect(wrong.map(told)).toEqual([])
})

test('nobody goes past a door', () => {
  const wrong = Object.entries(doors).flatMap(([folder, files]) => {
    const entrances = files.map((file) => `${folder}/${file}`)
    return imports.filter(
      ({ from, to }) => isIn(folder)(to) && !isIn(folder)(from) && !entrances.includes(to),
    )
  })
  expect(wrong.map(told)).toEqual([])
})

test('no imports go in a circle, those of types included', () => {
  expect(circlesIn(imports)).toEqual([])
})

test('a folder that can be used alone imports no other packages than it names', () => {
  for (const [folder, allowed] of Object.entries(packages))
    expect(packagesBelow(folder).filter((name) => !allowed.includes(name))).toEqual([])
})

test('a handler parses, makes one call and answers: no table, no cache, and few lines', () => {
  for (const file of readdirSync(join(projectFolder, 'functions'))) {
    const text = readFileSync(join(projectFolder, 'functions', file), 'utf8')
    expect(text, file).not.toMatch(/clients\/(dynamodb|redis)|cacheAside|@aws-sdk|ioredis/)
    expect(text.trimEnd().split('\n').length, file).toBeLessThanOrEqual(20)
  }
})
