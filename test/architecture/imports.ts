import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { projectDirectory } from '../../lib/project/projectDirectory.ts'

/** An import of a source file by another, including imports of types. Paths are relative to the project's directory. */
export interface Import {
  from: string
  to: string
}

/** Matches the relative path after `from`, `import` or `import(`. */
const importPattern = /(?:\bfrom|\bimport)\s*\(?\s*(['"`])(\.{1,2}\/[^'"`$]+)\1/g

/** Returns the relative imports of all TypeScript files in these directories. */
export function importsBelow(directories: string[]): Import[] {
  return directories.flatMap((directory) =>
    readdirSync(join(projectDirectory, directory), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .flatMap((file) => {
        const from = join(directory, file)
        const text = readFileSync(join(projectDirectory, from), 'utf8')
        return [...text.matchAll(importPattern)].map(([, , path = '']) => ({
          from: from.replaceAll(sep, '/'),
          to: relative('.', join(dirname(from), path)).replaceAll(sep, '/'),
        }))
      }),
  )
}

/** Returns the packages that the files of a directory import, without those of Node.js. */
export function packagesBelow(directory: string): string[] {
  const names = readdirSync(join(projectDirectory, directory), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => [
      ...readFileSync(join(projectDirectory, directory, file), 'utf8').matchAll(/\bfrom '([^.'][^']*)'/g),
    ])
    .map(([, name = '']) => name)
  return [...new Set(names)].filter((name) => !name.startsWith('node:')).sort()
}

/** Returns the strongly connected components with more than one file (Tarjan 1972, SIAM J. Comput. 1, 2). */
export function findCycles(imports: Import[]): string[][] {
  const next = Map.groupBy(imports, ({ from }) => from)
  const order = new Map<string, number>()
  const lowest = new Map<string, number>()
  const open: string[] = []
  const cycles: string[][] = []
  const visit = (file: string): void => {
    order.set(file, order.size)
    lowest.set(file, order.get(file) ?? 0)
    open.push(file)
    for (const { to } of next.get(file) ?? []) {
      if (!order.has(to)) visit(to)
      else if (!open.includes(to)) continue
      lowest.set(file, Math.min(lowest.get(file) ?? 0, lowest.get(to) ?? 0))
    }
    if (lowest.get(file) !== order.get(file)) return
    const cycle = open.splice(open.indexOf(file))
    if (cycle.length > 1) cycles.push(cycle.sort())
  }
  for (const file of next.keys()) if (!order.has(file)) visit(file)
  return cycles
}
