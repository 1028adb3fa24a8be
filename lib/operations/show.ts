import type { EntryReport, OperationResult, ProductReport } from './operate.ts'

/** What an operation did, for a person to read, with what to do next. */
export function show(outcome: OperationResult): string {
  switch (outcome.action) {
    case 'inspect':
      return outcome.products.map(product).join('\n')
    case 'invalidate':
      return [
        ...outcome.removed.map((id) => `${id}: no entry is left of product, page and reviews`),
        ...outcome.deferred.map((id) => `${id}: Redis did not confirm the removal; try again`),
        '',
      ].join('\n')
    case 'warm': {
      const { filled, fresh, failed, left, reasons } = outcome
      const next = failed + left > 0 ? `${because(reasons)}Run it again for what is left\n` : ''
      return `${filled} filled, ${fresh} fresh already, ${failed} failed, ${left} left, of products and pages\n${next}`
    }
    case 'audit': {
      const { sampled, agreeing, stale, repaired, failed, nines, disagreements, reasons } = outcome
      const rows = disagreements.map(({ id, cache, version, databaseVersion, ageMs, repaired }) => [
        ...[id, cache, String(version ?? ''), String(databaseVersion ?? ''), time(ageMs)],
        repaired ? 'yes' : 'no',
      ])
      const head = ['id', 'entry', 'version', 'in database', 'for at most', 'repaired']
      return [
        ...(rows.length > 0 ? [table([head, ...rows])] : []),
        `${sampled} compared, ${agreeing} agree (${nines} nines), ${stale} stale, ${repaired} repaired, ${failed} not compared`,
        ...reasons.map((reason) => `Failed: ${reason}`),
        ...(stale > repaired ? ['Redis did not confirm every removal: run it again'] : []),
        ...(stale > 0
          ? ['Somebody wrote past the catalog, or a removal was lost: see the log of writes']
          : []),
        '',
      ].join('\n')
    }
  }
}

/** Why something failed, a line for each reason. */
const because = (reasons: string[]): string => reasons.map((reason) => `Failed: ${reason}\n`).join('')

/** Whether all that was asked for was done, and all was found well. */
export function isWell(outcome: OperationResult): boolean {
  switch (outcome.action) {
    case 'inspect':
      return outcome.products.every(({ database }) => database.state !== 'nothing')
    case 'invalidate':
      return outcome.deferred.length === 0
    case 'warm':
      return outcome.failed + outcome.left === 0
    case 'audit':
      return outcome.stale === 0 && outcome.failed === 0
  }
}

function product({ id, database, entries }: ProductReport): string {
  const { state, version, updatedAt } = database
  const stands = {
    nothing: 'there is no such product in the database',
    deleted: `deleted ${updatedAt}, version ${version}`,
    stored: `version ${version} in the database, written ${updatedAt}`,
  }[state]
  const rows = entries.map((entry) => [
    ...[entry.cache, entry.state, versionOf(entry, version), time(entry.age), time(entry.ttl)],
    ...[time(entry.expires), entry.bytes === undefined ? '' : `${entry.bytes} B`],
  ])
  const old = entries.some((entry) => entry.version !== undefined && entry.version < (version ?? 0))
  return [
    `${id}: ${stands}`,
    table([['', 'state', 'version', 'age', 'fresh for', 'dropped in', 'size'], ...rows]),
    ...(old ? [`Older than the database: npm run cache -- audit ${id}`] : []),
    '',
  ].join('\n')
}

/** An entry's version, and how it stands to the database's. */
function versionOf({ version }: EntryReport, database: number | undefined): string {
  if (version === undefined) return ''
  if (version === (database ?? 0)) return `${version}, the database's`
  return `${version}, ${version < (database ?? 0) ? 'older' : 'newer'}`
}

const time = (ms: number | undefined): string => (ms === undefined ? '' : `${(ms / 1000).toFixed(1)} s`)

/** Columns side by side, the first row their names; what is empty is a dash. */
function table(rows: string[][]): string {
  const widths =
    rows[0]?.map((_, column) => Math.max(...rows.map((row) => (row[column] || '-').length))) ?? []
  return rows
    .map((row, at) =>
      `  ${row.map((cell, column) => (cell || (at ? '-' : '')).padEnd((widths[column] ?? 0) + 2)).join('')}`.trimEnd(),
    )
    .join('\n')
}
