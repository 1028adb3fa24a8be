import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { projectFolder } from '../../lib/project/folder.ts'

type Row = Record<string, string | number>
type Run = Record<string, { rows: Record<string, Row> }>

const runsOf = (name: string): Run[] =>
  JSON.parse(readFileSync(join(projectFolder, `bench/results/${name}.json`), 'utf8')).runs

const libraries = [
  'bentocache',
  'cacheable',
  'cache-manager',
  '@epic-web/cachified',
  'async-cache-dedupe',
  'layered-loader',
]

/** A figure in all runs of a measurement, of one contender or several. */
function figures(
  runs: Run[],
  measurement: string,
  contenders: string[],
  column: string,
): (string | number)[] {
  return runs.flatMap((run) =>
    contenders.map((contender) => run[measurement]?.rows[contender]?.[column] ?? 'nothing'),
  )
}

/** The least and the most of some figures. */
function range(all: (string | number)[], show: (figure: number) => string): string {
  const numbers = all.map((each) => Number(String(each).replace(/^> /, '')))
  const ends = [...new Set([Math.min(...numbers), Math.max(...numbers)].map(show))]
  return `${String(all[0]).startsWith('> ') ? 'more than ' : ''}${ends.join(' to ')}`
}

const whole = (figure: number) => String(Math.round(figure))
const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`
const ratio = (figure: number) => figure.toFixed(2)

/** What the committed benchmarks say of aisle and of six libraries, as the rows of the table in the README. */
export function comparison(): string[] {
  const [cache, network] = [runsOf('cacheAside'), runsOf('network')]
  const row = (
    what: string,
    of: (contenders: (name: string) => string[]) => (string | number)[],
    show: typeof whole,
  ) =>
    `| ${what} | ${range(
      of((name) => [`${name}aisle`]),
      show,
    )} | ${range(
      of((name) => libraries.map((each) => name + each)),
      show,
    )} |`
  const first = (all: (string | number)[]) => all.map((each) => String(each).split(/[, ]/)[0] ?? '')
  return [
    row(
      'Twenty processes ask for one cold product at once: database reads',
      (named) => first(figures(cache, 'oneLoad', named(''), 'database reads')),
      whole,
    ),
    row(
      'An old value that was loaded before an update is stored after it: how often it is then served, of 10',
      (named) => first(figures(cache, 'staleFill', named(''), 'removed by another process')),
      whole,
    ),
    row(
      'Redis hangs: the first answer comes after',
      (named) => figures(cache, 'redisStopped', named(''), 'first answer after, ms'),
      seconds,
    ),
    row(
      'A load takes 2 s, and five other processes wait for it: loads',
      (named) => first(figures(network, 'atTheDefaults', named('3. '), 'seen')),
      whole,
    ),
    row(
      'Hits by 32 callers, to the rate of a bare `GET` by the same client',
      (named) => figures(cache, 'hitPath', named(''), 'to bare, at 32'),
      ratio,
    ),
  ]
}
