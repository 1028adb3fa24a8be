import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { projectFolder } from '../../lib/project/folder.ts'

/** An import of one source file by another, types included: both by their paths from the project's folder. */
export interface Import {
  from: string
  to: string
}

/** What follows `from`, `import` or `import(`, in quotes, and leads to a file of the project. */
const pattern = /(?:\bfrom|\bimport)\s*\(?\s*(['"`])(\.{1,2}\/[^'"`$]+)\1/g

/** All imports between the TypeScript files below these folders, as their sources state them. */
export function importsBelow(folders: string[]): Import[] {
  return folders.flatMap((folder) =>
    readdirSync(join(projectFolder, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .flatMap((file) => {
        const from = join(folder, file)
        const text = readFileSync(join(projectFolder, from), 'utf8')
        return [...text.matchAll(pattern)].map(([, , path = '']) => ({
          from: from.replaceAll(sep, '/'),
          to: relative('.', join(dirname(from), path)).replaceAll(sep, '/'),
        }))
      }),
  )
}

/** The packages that files below a folder import, but for those of Node.js. */
export function packagesBelow(folder: string): string[] {
  const names = readdirSync(join(projectFolder, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => [
      ...readFileSync(join(projectFolder, folder, file), 'utf8').matchAll(/\bfrom '([^.'][^']*)'/g),
    ])
    .map(([, name = '']) => name)
  return [...new Set(names)].filter((name) => !name.startsWith('node:')).sort()
}

/** The circles: groups of files each of which leads to all others of its group (Tarjan 1972, SIAM J. Comput. 1, 2). */
export function circlesIn(imports: Import[]): string[][] {
  const next = Map.groupBy(imports, ({ from }) => from)
  const order = new Map<string, number>()
  const lowest = new Map<string, number>()
  const open: string[] = []
  const circles: string[][] = []
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
    const circle = open.splice(open.indexOf(file))
    if (circle.length > 1) circles.push(circle.sort())
  }
  for (const file of next.keys()) if (!order.has(file)) visit(file)
  return circles
}
