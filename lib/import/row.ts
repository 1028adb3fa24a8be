/** One row of a catalogue file: what will be one product. */
export interface Row {
  /** Where it begins in the (unpacked) file, counted from 1. */
  line: number
  /** As it was read: an object of JSON, or the records of one product of a CSV; text where it is not even JSON. */
  value: unknown
  /** Why it cannot be used, when that is known before looking at what it says. */
  fault?: string
}

/** A row larger than this many bytes is refused, so that no file can fill the memory. */
export const rowLimit = 1024 * 1024

export const tooLarge = 'The row is larger than 1 MiB'

/** The file as a whole, or all that follows, cannot be read. The message is for a person. */
export class UnreadableFile extends Error {
  override name = 'UnreadableFile'
}
