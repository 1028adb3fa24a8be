/** A row that was not written to the table. */
export interface Reject {
  line: number
  /** The row's id, if it has a readable one. */
  id?: string
  reason: string
  /** The row as it was read, to be corrected and imported again. Missing if it was too large to hold in memory. */
  row?: unknown
}

/** What an import has done so far, or in all. */
export interface Report {
  /**
   * The bytes of the file that are done: those of the finished rows, and at its end all. Packed bytes if the file is
   * gzipped. Rows that are being written do not count.
   */
  bytes: number
  /** The rows that were read. */
  rows: number
  /** The rows that are done: written, skipped, refused or not written. */
  finished: number
  /** Rows of a dry run that could be imported. */
  valid: number
  created: number
  updated: number
  unchanged: number
  reviewsAdded: number
  /** Products that the shop does not sell at present: drafts, archived and unpublished ones. */
  skipped: number
  /** Rows with invalid content. */
  refused: number
  /** Valid rows that the database did not accept, or whose product another writer edited meanwhile. */
  unwritten: number
  /** Cache entries that could not be removed, and stay until they expire. */
  deferred: number
  /** The first 100 of the refused and unwritten rows, without the rows themselves. */
  rejects: Reject[]
  /** Why the import stopped before the end of the file. */
  error?: string
  /** Whether the caller's signal stopped the import. */
  interrupted: boolean
  ms: number
}

export const newReport = (): Report => ({
  ...{ bytes: 0, rows: 0, finished: 0, valid: 0, created: 0, updated: 0, unchanged: 0, reviewsAdded: 0 },
  ...{ skipped: 0, refused: 0, unwritten: 0, deferred: 0, rejects: [], interrupted: false, ms: 0 },
})

/** Whether every row of the file was written, or could be in a dry run. */
export const isComplete = ({ refused, unwritten, error, interrupted }: Report): boolean =>
  refused === 0 && unwritten === 0 && error === undefined && !interrupted

/** The most rejects in a report. */
export const maxReportedRejects = 100

/** Makes a text safe to print as one line: escapes control characters, which may come from the file. */
export const toPrintable = (text: string): string =>
  text.slice(0, 1000).replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the point
    /[\0-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
