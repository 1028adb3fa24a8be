/** One row of a catalogue file, which becomes one product. */
export interface Row {
  /** The line of the (unpacked) file on which the row begins, counted from 1. */
  line: number
  /** What was read: a JSON object, the records of one product of a CSV, or the text of a line that is not JSON. */
  value: unknown
  /** Why the row cannot be imported, if reading it already shows that. */
  fault?: string
}

/** The most bytes of a row. A larger row is refused, so that no file can exhaust the memory. */
export const maxRowBytes = 1024 * 1024

export const rowTooLarge = 'The row is larger than 1 MiB'

/** The whole file, or the rest of it, cannot be read. The message is for the person who runs the import. */
export class UnreadableFile extends Error {
  override name = 'UnreadableFile'
}
