/** A row that is not in the table. */
export interface Reject {
  line: number
  /** Where the row got far enough to have one. */
  id?: string
  reason: string
  /** As it was read, to be mended and imported. Missing where it was too large to be kept. */
  row?: unknown
}

/** What an import did so far, or in all. */
export interface Report {
  /** Bytes read, as they lie in the file: packed ones where it is gzipped. */
  bytes: number
  rows: number
  /** Rows of a dry run that could be imported. */
  valid: number
  created: number
  updated: number
  unchanged: number
  reviewsAdded: number
  /** Products of a shop that it does not sell at present: drafts, archived and unpublished ones. */
  skipped: number
  /** Rows whose content is not acceptable. */
  refused: number
  /** Acceptable rows that the database did not take, or that somebody else edited meanwhile. */
  unwritten: number
  /** Cache entries that could not be removed and live out their time. */
  deferred: number
  /** The first 100 of the refused and unwritten rows, without the rows themselves. */
  rejects: Reject[]
  /** Why it ended before the end of the file. */
  error?: string
  /** It was told to stop. */
  interrupted: boolean
  ms: number
}

export const newReport = (): Report => ({
  ...{ bytes: 0, rows: 0, valid: 0, created: 0, updated: 0, unchanged: 0, reviewsAdded: 0 },
  ...{ skipped: 0, refused: 0, unwritten: 0, deferred: 0, rejects: [], interrupted: false, ms: 0 },
})

/** Whether all that was in the file is in the table, or could be. */
export const isComplete = ({ refused, unwritten, error, interrupted }: Report): boolean =>
  refused === 0 && unwritten === 0 && error === undefined && !interrupted

/** How many of the rejects a report keeps. */
export const keptRejects = 100

/** A text as one line of a terminal: control characters, which may come from the file, are written out. */
export const printable = (text: string): string =>
  text.slice(0, 1000).replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the point
    /[\0-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
