import { join } from 'node:path'
import { projectFolder } from '../../lib/project/folder.ts'
import { chart } from './chart.ts'
import * as costs from './costTables.ts'
import { page, product } from './model.ts'
import * as scale from './scaleTables.ts'

/** What can stand between `<!-- figures: NAME -->` and `<!-- end -->` in a document. */
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
 * A document with its figures as they are now.
 *
 * @throws Error when it names figures that there are not
 */
export const fill = (document: string): string =>
  document.replace(/^<!-- figures: (\w+) -->\n[\s\S]*?^<!-- end -->$/gm, (_, name: string) => {
    const make = figures[name]
    if (!make) throw new Error(`There are no figures "${name}"; there are ${Object.keys(figures).join(', ')}`)
    return `<!-- figures: ${name} -->\n${make()}\n<!-- end -->`
  })

const inDocs = (file: string) => join(projectFolder, 'docs', file)

/** The documents that hold figures, and the chart. */
export const documents = [inDocs('cost.md'), inDocs('scale.md')]
export const chartFile = { path: inDocs('cost.svg'), make: chart }
