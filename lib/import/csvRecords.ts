import { CsvError, type InfoRecord, type Parser, parse } from 'csv-parse'
import { maxRowBytes, UnreadableFile } from './row.ts'

/** One record of a CSV: its cells by column name. */
export type CsvRecord = Record<string, string>

/** A record and the line on which it begins. A record that cannot be read has a fault and no cells. */
export interface ReadRecord {
  line: number
  record?: CsvRecord
  fault?: string
}

/** Splits the chunks of a Shopify CSV into records, each with the line on which it begins. */
export class RecordReader {
  #columns: string[] | undefined
  #parser = this.#newParser()
  /** The number of lines before the first line that the current parser saw. */
  #linesBeforeParser = 0
  /** The last line of the last record. */
  #lastLine = 0
  /** The number of lines before the current chunk. */
  #linesBeforeChunk = 0
  /** Bytes up to the end of this line have been read and are skipped. */
  #skipToLine = 0
  #records: ReadRecord[] = []

  /** Returns the records that were read since the last call. */
  takeRecords(): ReadRecord[] {
    const records = this.#records
    this.#records = []
    return records
  }

  async read(chunk: Buffer): Promise<void> {
    let rest = skipLines(chunk, this.#skipToLine - this.#linesBeforeChunk)
    while (rest) {
      const error = await writeTo(this.#parser, rest)
      if (!error) break
      this.#recover(error)
      rest = skipLines(chunk, this.#skipToLine - this.#linesBeforeChunk)
    }
    this.#linesBeforeChunk += countNewlines(chunk)
  }

  async end(): Promise<void> {
    const error = await writeTo(this.#parser)
    if (error) this.#recover(error)
  }

  requireHeader(): void {
    if (!this.#columns) throw new UnreadableFile(unknownFormat)
  }

  #newParser(): Parser {
    const parser = parse({
      columns: this.#columns ?? ((names: string[]) => this.#readHeader(names)),
      record_delimiter: ['\r\n', '\n'],
      // Spreadsheets leave out empty cells at the end. #addRecord refuses a record with too many cells.
      relax_column_count: true,
      max_record_size: maxRowBytes,
      info: true,
      on_record: (item: { record: CsvRecord; info: InfoRecord }) => this.#addRecord(item),
    })
    // The caller of the last write receives the error. Without a listener the error would end the process.
    parser.on('error', () => {})
    return parser
  }

  #readHeader(names: string[]): string[] {
    const trimmed = names.map((name) => name.trim())
    const hasOneOf = (...wanted: string[]) => wanted.some((name) => trimmed.includes(name))
    if (!hasOneOf('Handle', 'URL handle') || !hasOneOf('Title')) throw new UnreadableFile(unknownFormat)
    this.#columns = trimmed
    this.#lastLine = 1
    return trimmed
  }

  #addRecord({ record, info }: { record: CsvRecord; info: InfoRecord }): null {
    const line = this.#lastLine + 1
    // Once a record is complete, `lines` counts the line after it, except at the end of the file.
    this.#lastLine = this.#linesBeforeParser + info.lines
    const cells = Object.values(record)
    if (cells.every((cell) => cell === '')) return null
    const columns = this.#columns?.length ?? 0
    const fault =
      info.index > columns
        ? `The record on line ${line} has ${info.index} cells, but the header has ${columns}`
        : cells.some((cell) => cell.includes('\ufffd'))
          ? 'Not UTF-8: save the file as UTF-8'
          : undefined
    this.#records.push({ line, record, ...(fault && { fault }) })
    return null
  }

  /** Starts again on the line after a misplaced quote. */
  #recover(error: Error): void {
    if (!(error instanceof CsvError)) throw error
    if (!this.#columns) throw new UnreadableFile(unknownFormat)
    const line = this.#lastLine + 1
    if (error.code !== 'CSV_INVALID_CLOSING_QUOTE' && error.code !== 'INVALID_OPENING_QUOTE')
      throw new UnreadableFile(
        `The record that begins on line ${line} does not end: its quote is never closed, or it is larger than 1 MiB. Nothing after it was read`,
      )
    const bad = this.#linesBeforeParser + Number(error.lines)
    const lost = line === bad ? 'the line' : `everything from line ${line} on`
    this.#records.push({
      line,
      fault: `A quote on line ${bad} is misplaced, so ${lost} cannot be read. Write a quote inside a quoted cell twice`,
    })
    this.#linesBeforeParser = bad
    this.#lastLine = bad
    this.#skipToLine = bad
    this.#parser = this.#newParser()
  }
}

const unknownFormat =
  'This is neither a JSON array, nor NDJSON, nor a Shopify product CSV (whose first line names the columns Handle and Title, separated by commas)'

/**
 * Writes a chunk to the parser, or ends it if there is no chunk. Resolves with the error that the parser met, if any.
 */
const writeTo = (parser: Parser, chunk?: Buffer): Promise<Error | undefined> =>
  new Promise((resolve) => {
    const done = (error?: Error | null) => resolve(error ?? undefined)
    if (chunk) parser.write(chunk, done)
    else parser.once('error', done).once('end', done).resume().end()
  })

const countNewlines = (chunk: Buffer): number => {
  let count = 0
  for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) count++
  return count
}

/** Returns what follows the first `count` lines; undefined if the chunk has fewer. */
function skipLines(chunk: Buffer, count: number): Buffer | undefined {
  let from = 0
  for (let left = count; left > 0; left--) {
    const end = chunk.indexOf(10, from)
    if (end < 0) return undefined
    from = end + 1
  }
  return chunk.subarray(from)
}
