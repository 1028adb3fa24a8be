import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { projectDirectory } from '../../lib/project/projectDirectory.ts'

type Row = Record<string, string | number>
type Run = Record<string, { rows: Record<string, Row> }>

/** Reads the runs of a benchmark from its committed results. */
const readRuns = (name: string): Run[] =>
  JSON.parse(readFileSync(join(projectDirectory, `bench/results/${name}.json`), 'utf8')).runs

const libraries = [
  'bentocache',
  'cacheable',
  'cache-manager',
  '@epic-web/cachified',
  'async-cache-dedupe',
  'layered-loader',
]

/**
 * Collects a figure of one or several contenders from all runs: the first number of the column, or `> ` and a number.
 */
const figures = (runs: Run[], measurement: string, contenders: string[], column: string): string[] =>
  runs.flatMap((run) =>
    contenders.map((contender) => {
      const figure = String(run[measurement]?.rows[contender]?.[column])
      return /^(?:> )?[\d.]+/.exec(figure)?.[0] ?? 'missing'
    }),
  )

/** Formats the lowest and the highest of some figures. */
function range(all: string[], format: (figure: number) => string): string {
  const numbers = all.map((each) => Number(each.replace(/^> /, '')))
  const ends = [...new Set([Math.min(...numbers), Math.max(...numbers)].map(format))]
  return `${all[0]?.startsWith('> ') ? 'more than ' : ''}${ends.join(' to ')}`
}

const toInteger = (figure: number) => String(Math.round(figure))
const toSeconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`
const toRatio = (figure: number) => figure.toFixed(2)

/** A row of the README's table, and where its figures are in the results. */
interface Comparison {
  text: string
  benchmark: 'cacheAside' | 'network'
  measurement: string
  /** Precedes the names of the contenders in the results. */
  prefix?: string
  column: string
  format: (figure: number) => string
}

const comparisons: Comparison[] = [
  {
    text: 'Twenty processes read one cold product at the same time: database reads',
    ...{ benchmark: 'cacheAside', measurement: 'oneLoad', column: 'database reads', format: toInteger },
  },
  {
    text: 'A load begins before an update and ends after it: later reads that get the old value, of 10',
    ...{ benchmark: 'cacheAside', measurement: 'staleFill', column: 'removed by another process' },
    format: toInteger,
  },
  {
    text: 'Redis hangs: time to the first answer',
    ...{ benchmark: 'cacheAside', measurement: 'redisStopped', column: 'first answer after, ms' },
    format: toSeconds,
  },
  {
    text: 'A load takes 2 s while five other processes wait for it: loads',
    ...{
      benchmark: 'network',
      measurement: 'atTheDefaults',
      prefix: '3. ',
      column: 'seen',
      format: toInteger,
    },
  },
  {
    text: 'Hits from 32 callers: throughput relative to a bare `GET` by the same client (above 1: commands of many callers leave in one write)',
    ...{ benchmark: 'cacheAside', measurement: 'hitPath', column: 'to bare, at 32', format: toRatio },
  },
]

/** Builds the rows of the README's table from the committed benchmarks of Aisle and of six libraries. */
export function comparisonRows(): string[] {
  const runs = { cacheAside: readRuns('cacheAside'), network: readRuns('network') }
  return comparisons.map(({ text, benchmark, measurement, prefix = '', column, format }) => {
    const cell = (contenders: string[]) => {
      const names = contenders.map((each) => prefix + each)
      return range(figures(runs[benchmark], measurement, names, column), format)
    }
    return `| ${text} | ${cell(['aisle'])} | ${cell(libraries)} |`
  })
}
