import type { Promises, Violation } from './check.ts'
import { type Circumstances, meets } from './circumstances.ts'
import type { Operation } from './history.ts'
import type { Tortured } from './torture.ts'

/** What happened, counted. */
export function counted({ history, faults, circumstances }: Tortured) {
  const got = history.filter((each) => each.type === 'got')
  const removed = history.filter((each) => each.type === 'removed')
  return {
    operations: history.length,
    reads: {
      ...count(got.map(({ from }) => from)),
      hit: got.filter(({ status }) => status.startsWith('hit')).length,
      stale: got.filter(({ status }) => /ttl=-/.test(status)).length,
      stored: got.filter(({ status }) => /stored/.test(status)).length,
      bypass: got.filter(({ status }) => /fwd=bypass/.test(status)).length,
    },
    commits: history.filter(({ type }) => type === 'committed').length,
    removals: count(removed.map(({ outcome }) => outcome)),
    loads: count(history.flatMap((each) => (each.type === 'load' ? [each.outcome] : []))),
    waits: count(circumstances.waits.map(({ control }) => control)),
    unanswered: history.filter(({ type }) => type === 'unanswered').length,
    faults: count(faults),
  }
}

/** One paragraph about a run. */
export function summary(tortured: Tortured, violations: Violation[]): string {
  const { operations, reads, commits, removals, loads, waits, unanswered, faults } = counted(tortured)
  const list = (counts: Record<string, number>) =>
    Object.entries(counts)
      .map(([name, number]) => `${name} ${number}`)
      .join(', ')
  return [
    `Operations: ${operations}`,
    `Reads:      ${list(reads)}`,
    `Commits:    ${commits}`,
    `Removals:   ${list(removals)}`,
    `Loads:      ${list(loads)}`,
    `Unanswered: ${unanswered}`,
    `Faults:     ${list(faults)}`,
    `Controls:   waited longer than usual: ${list(waits)}`,
    violations.length === 0
      ? 'No promise was broken.'
      : `BROKEN: ${violations.length} times (${list(count(violations.map(({ rule }) => rule)))})`,
    '',
  ].join('\n')
}

/** The most violations that are written out, the most lines beside each, and how long before it they begin, ms. */
const shown = { violations: 5, lines: 40, beforeMs: 2_000 }

/** The violations, each with what went on around it, and with what befell its process. */
export function details(
  violations: Violation[],
  { history, circumstances }: Pick<Tortured, 'history' | 'circumstances'>,
  { lifeMs }: Promises,
): string {
  return violations
    .slice(0, shown.violations)
    .map(({ rule, answer, floor, because }) => {
      const begin = because?.start ?? answer.start - lifeMs / 4
      const around = history
        .filter(({ id, start, end }) => id === answer.id && end >= begin && start <= answer.end)
        .filter((each) => each !== because && each !== answer)
        .sort((a, b) => a.start - b.start)
        .slice(-shown.lines)
      const needs = floor === undefined ? '' : `, which needs version ${floor} at least`
      return [
        `${rule} is broken by`,
        line(answer) + needs,
        ...(because ? ['because of', line(because)] : []),
        'Beside it:',
        ...around.map(line),
        'To its process:',
        ...befell(answer, history, circumstances),
        '',
      ].join('\n')
    })
    .join('\n')
}

/** The faults, how long the controls of one process waited, and when it left Redis out, in order. */
function befell({ process, start, end }: Operation, history: Operation[], given: Circumstances): string[] {
  const its = <T extends { process: string }>(all: T[]) => all.filter((each) => each.process === process)
  return [
    ...given.faults.map(({ fault, ...span }) => ({ ...span, what: `fault ${fault}` })),
    ...its(given.waits).map(({ control, ...span }) => ({ ...span, what: `${control} late` })),
    ...its(history)
      .filter(({ type }) => type === 'breaker' || type === 'bypassed')
      .map((each) => ({ ...each, what: [each.type, each.id, outcome(each)].filter(Boolean).join(' ') })),
  ]
    .filter((span) => meets(span, start - shown.beforeMs, end))
    .sort((a, b) => a.start - b.start)
    .slice(-shown.lines)
    .map(({ start, end, what }) => `  ${start.toFixed(3)} to ${end.toFixed(3)} ${what}`)
}

function line(operation: Operation): string {
  const { process, id, start, end, type } = operation
  const where =
    'cache' in operation ? operation.cache : 'caches' in operation ? operation.caches.join('+') : ''
  const budget = 'budgetMs' in operation ? `, in ${operation.budgetMs} ms` : ''
  return `  ${start.toFixed(3)} to ${end.toFixed(3)} ${process} ${type} ${where} ${id}: ${outcome(operation)}${budget}`
}

function outcome(operation: Operation): string {
  switch (operation.type) {
    case 'got':
      return `v${operation.version} from the ${operation.from} (${operation.status})`
    case 'committed':
      return `v${operation.version}`
    case 'removed':
      return operation.version === undefined
        ? operation.outcome
        : `${operation.outcome}, below v${operation.version}`
    case 'unanswered':
      return operation.error
    case 'load':
      return operation.outcome
    case 'bypassed':
      return operation.detail
    case 'breaker':
      return operation.state
  }
}

function count<T extends string>(names: T[]): Record<T, number> {
  const counts = {} as Record<T, number>
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1
  return counts
}
