import type { Promises, Violation } from './check.ts'
import { type Circumstances, overlaps } from './circumstances.ts'
import type { Operation } from './history.ts'
import type { TortureResult } from './torture.ts'

/** Counts what happened. */
export function countOperations({ history, faults, circumstances }: TortureResult) {
  const answers = history.filter((each) => each.type === 'answered')
  const removals = history.filter((each) => each.type === 'removed')
  return {
    operations: history.length,
    reads: {
      ...count(answers.map(({ from }) => from)),
      hit: answers.filter(({ status }) => status.startsWith('hit')).length,
      stale: answers.filter(({ status }) => /ttl=-/.test(status)).length,
      stored: answers.filter(({ status }) => /stored/.test(status)).length,
      bypass: answers.filter(({ status }) => /fwd=bypass/.test(status)).length,
    },
    commits: history.filter(({ type }) => type === 'committed').length,
    removals: count(removals.map(({ outcome }) => outcome)),
    loads: count(history.flatMap((each) => (each.type === 'load' ? [each.outcome] : []))),
    slowControls: count(circumstances.slowControls.map(({ control }) => control)),
    unanswered: history.filter(({ type }) => type === 'unanswered').length,
    faults: count(faults),
  }
}

/** Returns one paragraph about a run. */
export function summarize(result: TortureResult, violations: Violation[]): string {
  const { operations, reads, commits, removals, loads, slowControls, unanswered, faults } =
    countOperations(result)
  const list = (counts: Record<string, number>) =>
    Object.entries(counts)
      .map(([name, number]) => `${name} ${number}`)
      .join(', ') || 'none'
  return [
    `Operations:   ${operations}`,
    `Reads:        ${list(reads)}`,
    `Failed reads: ${unanswered}`,
    `Commits:      ${commits}`,
    `Removals:     ${list(removals)}`,
    `Loads:        ${list(loads)}`,
    `Faults:       ${list(faults)}`,
    `Slow machine: ${list(slowControls)} (how often a timer or a bare Redis client took longer than usual)`,
    '',
    violations.length === 0
      ? 'The cache kept every promise.'
      : `The cache broke a promise ${violations.length} times: ${list(count(violations.map(({ rule }) => rule)))}`,
    '',
  ].join('\n')
}

/** How many violations are printed, how many lines around each, and how long before it they begin, ms. */
const shown = { violations: 5, lines: 40, beforeMs: 2_000 }

/** Describes the first violations, each with the operations around it and the faults at that time. */
export function describeViolations(
  violations: Violation[],
  { history, circumstances }: Pick<TortureResult, 'history' | 'circumstances'>,
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
      const needed = floor === undefined ? '' : `, but version ${floor} or newer was needed`
      return [
        `Broken: ${rule}`,
        line(answer) + needed,
        ...(because ? ['Proven by:', line(because)] : []),
        'Other operations on this id:',
        ...around.map(line),
        'Faults, and the slow controls and bypasses of its process:',
        ...disturbances(answer, history, circumstances),
        '',
      ].join('\n')
    })
    .join('\n')
}

/** Returns the faults, the slow controls of one process, and when it bypassed Redis, in order. */
function disturbances(
  { process, start, end }: Operation,
  history: Operation[],
  circumstances: Circumstances,
): string[] {
  const ofProcess = <T extends { process: string }>(all: T[]) =>
    all.filter((each) => each.process === process)
  return [
    ...circumstances.faults.map(({ fault, ...span }) => ({ ...span, what: `fault ${fault}` })),
    ...ofProcess(circumstances.slowControls).map(({ control, ...span }) => ({
      ...span,
      what: `${control} slow`,
    })),
    ...ofProcess(history)
      .filter(({ type }) => type === 'breaker' || type === 'bypassed')
      .map((each) => ({ ...each, what: [each.type, each.id, outcome(each)].filter(Boolean).join(' ') })),
  ]
    .filter((span) => overlaps(span, start - shown.beforeMs, end))
    .sort((a, b) => a.start - b.start)
    .slice(-shown.lines)
    .map(({ start, end, what }) => `  ${start.toFixed(3)} to ${end.toFixed(3)} ${what}`)
}

function line(operation: Operation): string {
  const { process, id, start, end, type } = operation
  const where =
    'cache' in operation ? operation.cache : 'caches' in operation ? operation.caches.join('+') : ''
  const budget = 'budgetMs' in operation ? `, budget ${operation.budgetMs} ms` : ''
  return `  ${start.toFixed(3)} to ${end.toFixed(3)} ${process} ${type} ${where} ${id}: ${outcome(operation)}${budget}`
}

function outcome(operation: Operation): string {
  switch (operation.type) {
    case 'answered':
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
