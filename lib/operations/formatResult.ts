import type { NotStored } from './findNotStored.ts'
import type { EntryReport, OperationResult, ProductReport } from './runOperation.ts'

/** What {@link formatResult} knows about the command besides its result. */
export interface CommandContext {
  /** The products that the command named. */
  ids?: readonly string[]
  /** What to add to the commands that it suggests, such as `--stage prod --region eu-west-1`. */
  options?: string
}

/** Formats the result of an operation for the terminal, with what to do next. */
export function formatResult(
  result: OperationResult,
  { ids = [], options = '' }: CommandContext = {},
): string {
  const command = (text: string) => ['npm run cache --', text, options].filter(Boolean).join(' ')
  switch (result.action) {
    case 'inspect':
      return result.products.map((product) => formatProduct(product, command)).join('\n')
    case 'invalidate':
      return [
        ...result.removed.map((id) => `${id}: the cache holds no product, page or reviews entry any more`),
        ...result.deferred.map((id) => `${id}: Redis did not confirm the removal. Run the command again`),
        ...formatNotStored(result),
        '',
      ].join('\n')
    case 'warm': {
      const { filled, fresh, failed, left, reasons, deleted = [] } = result
      return [
        filled + fresh + failed + left === 0 && ids.length === 0
          ? `Nothing to fill: no product counts as most read yet, since one read in 64 is counted. Next: name products with ${command('warm ID...')}`
          : `${filled} filled, ${fresh} already fresh or being filled, ${failed} failed, ${left} not reached (products and pages)`,
        ...reasons.map(formatFailure),
        ...formatNotStored(result),
        ...deleted.map((id) => `${id}: the product was deleted, so there is nothing to fill`),
        ...(failed + left > 0 ? ['Next: run the command again to fill the rest'] : []),
        '',
      ].join('\n')
    }
    case 'audit': {
      const { sampled, agreeing, stale: wrong, repaired, failed, nines, disagreements, reasons } = result
      const rows = disagreements.map(({ id, cache, version, databaseVersion, ageMs, repaired }) => [
        ...[id, cache, String(version ?? ''), String(databaseVersion ?? ''), formatTime(ageMs)],
        repaired ? 'yes' : 'no',
      ])
      const head = ['id', 'entry', 'version', 'in the database', 'wrong for at most', 'repaired']
      return [
        ...(rows.length > 0 ? [formatTable([head, ...rows])] : []),
        sampled + failed === 0
          ? [
              `Nothing to compare: the cache holds no fresh entry${ids.length > 0 ? ' of these products' : ''}`,
              ...(canBeFilled(ids, result)
                ? [`Next: fill it by reading, or with ${command('warm ID...')}`]
                : []),
            ].join('. ')
          : `${sampled} compared, ${agreeing} agree (${nines} nines), ${wrong} wrong, ${repaired} repaired, ${failed} not compared`,
        ...formatNotStored(result),
        ...reasons.map(formatFailure),
        ...(wrong > 0
          ? ['Something wrote to the table directly, or a removal was lost: check the logs of the writes']
          : []),
        ...(wrong > repaired
          ? ['Next: run the command again, since Redis did not confirm every removal']
          : []),
        '',
      ].join('\n')
    }
  }
}

/** Whether the operation did all that was requested, found nothing wrong, and the database holds the products. */
export function isSuccess(result: OperationResult): boolean {
  if (result.action !== 'inspect') {
    const { missing = [], unreadable = [], unchecked } = result
    if (missing.length + unreadable.length > 0 || unchecked) return false
  }
  switch (result.action) {
    case 'inspect':
      return result.products.every(
        ({ database }) => database.state === 'stored' || database.state === 'deleted',
      )
    case 'invalidate':
      return result.deferred.length === 0
    case 'warm':
      return result.failed + result.left === 0
    case 'audit':
      return result.stale + result.failed === 0
  }
}

function formatProduct({ id, database, entries }: ProductReport, command: (text: string) => string): string {
  const { state, version, updatedAt } = database
  const inDatabase = {
    nothing: notInDatabase,
    unreadable: cannotBeRead,
    deleted: `deleted ${updatedAt}, version ${version}`,
    stored: `version ${version} in the database, written ${updatedAt}`,
  }[state]
  const rows = entries.map((entry) => [
    ...[
      entry.cache,
      entry.state,
      formatVersion(entry, version),
      formatTime(entry.age),
      formatTime(entry.ttl),
    ],
    ...[formatTime(entry.expires), entry.bytes === undefined ? '' : `${entry.bytes} B`],
  ])
  const hasOldEntry = entries.some((entry) => entry.version !== undefined && entry.version < (version ?? 0))
  return [
    `${id}: ${inDatabase}`,
    formatTable([['', 'state', 'version', 'age', 'fresh for', 'expires in', 'size'], ...rows]),
    ...(hasOldEntry ? [`An entry is older than the database. Next: ${command(`audit ${id}`)}`] : []),
    '',
  ].join('\n')
}

/** Formats the version of an entry, and how it compares with the version in the database. */
function formatVersion({ version }: EntryReport, databaseVersion: number | undefined): string {
  if (version === undefined) return ''
  if (version === (databaseVersion ?? 0)) return `${version}, current`
  return `${version}, ${version < (databaseVersion ?? 0) ? 'older' : 'newer'}`
}

const notInDatabase = 'there is no such product in the database'
const cannotBeRead = 'the stored product cannot be read. Next: send a PUT of the whole product'

/** Whether there is something to fill: without ids, or if the database holds one of the products. */
const canBeFilled = (
  ids: readonly string[],
  { missing = [], deleted = [], unreadable = [] }: NotStored,
): boolean => ids.length === 0 || ids.length > missing.length + deleted.length + unreadable.length

/** Names the products that are missing, cannot be read, or were not checked. A deleted product is no fault. */
const formatNotStored = ({ missing = [], unreadable = [], unchecked }: NotStored): string[] => [
  ...missing.map((id) => `${id}: ${notInDatabase}`),
  ...unreadable.map((id) => `${id}: ${cannotBeRead}`),
  ...(unchecked
    ? [
        `Not checked whether the database knows ${unchecked.ids.join(', ')}: ${unchecked.reason.replace(/\.$/, '')}. Next: run the command again`,
      ]
    : []),
]

const formatFailure = (reason: string): string => `Failed: ${reason}`

const formatTime = (ms: number | undefined): string => (ms === undefined ? '' : `${(ms / 1000).toFixed(1)} s`)

/** Aligns the columns of a table. The first row holds their names; an empty cell becomes a dash. */
function formatTable(rows: string[][]): string {
  const widths =
    rows[0]?.map((_, column) => Math.max(...rows.map((row) => (row[column] || '-').length))) ?? []
  return rows
    .map((row, at) =>
      `  ${row.map((cell, column) => (cell || (at ? '-' : '')).padEnd((widths[column] ?? 0) + 2)).join('')}`.trimEnd(),
    )
    .join('\n')
}
