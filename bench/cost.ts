import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { chartFile, documents, figures, fill } from './cost/documents.ts'

/*
 * Computes the figures of docs/cost.md and docs/scale.md from the prices, quotas and assumptions in ./cost.
 *
 *     node bench/cost.ts            prints the figures
 *     node bench/cost.ts --write    writes them into the documents and draws the chart
 */
const { values } = parseArgs({ options: { write: { type: 'boolean', default: false } } })

if (values.write) {
  for (const path of documents) writeFileSync(path, fill(readFileSync(path, 'utf8')))
  writeFileSync(chartFile.path, chartFile.make())
} else {
  for (const [name, make] of Object.entries(figures)) console.log(`${name}\n\n${make()}\n`)
}
