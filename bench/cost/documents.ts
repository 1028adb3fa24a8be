import { join } from 'node:path'
import { projectDirectory } from '../../lib/project/projectDirectory.ts'
import { chart } from './chart.ts'
import * as costs from './costTables.ts'
import { page, product } from './model.ts'
import * as scale from './scaleTables.ts'

/** The text between `<!-- figures: NAME -->` and `<!-- end -->` in a document, by NAME. */
export const figures: Record<string, () => string> = {
  inShort: costs.inShort,
  prices: costs.priceTable,
  perMillion: costs.perMillion,
  perMonth: () => costs.perMonth(product),
  perMonthOfPages: () => costs.perMonth(page),
  parts: costs.parts,
  breakEvens: costs.breakEvens,
  expected: costs.expected,
  cdn: costs.cdn,
  alternatives: costs.alternatives,
  writes: costs.writes,
  fixed: costs.fixed,
  limitsInShort: scale.limitsInShort,
  quotas: scale.quotaTable,
  hotKey: scale.hotKey,
  memory: scale.memory,
  lives: scale.lives,
  edge: scale.edge,
  herd: scale.herd,
  sandboxes: scale.sandboxes,
  arithmetic: scale.arithmetic,
}

/**
 * Returns a document with its figures computed again.
 *
 * @throws {Error} if the document names figures that do not exist
 */
export const fill = (document: string): string =>
  document.replace(/^<!-- figures: (\w+) -->\n[\s\S]*?^<!-- end -->$/gm, (_, name: string) => {
    const make = figures[name]
    if (!make)
      throw new Error(`No figures are called "${name}". Use one of ${Object.keys(figures).join(', ')}`)
    return `<!-- figures: ${name} -->\n${make()}\n<!-- end -->`
  })

const inDocs = (file: string) => join(projectDirectory, 'docs', file)

/** The documents that contain figures. */
export const documents = [inDocs('cost.md'), inDocs('scale.md')]
export const chartFile = { path: inDocs('cost.svg'), make: chart }
