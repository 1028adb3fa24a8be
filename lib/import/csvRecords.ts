import { CsvError, type InfoRecord, type Parser, parse } from 'csv-parse'
import { rowLimit, UnreadableFile } from './row.ts'

/** One record of a CSV: the cells by the names of their columns. */
export type CsvRecord = Record<string, string>

/** A record and where it begins; one that cannot be read has a fault and no cells. */
export interface Line {
  line: number
  record?: CsvRecord
  fault?: string
}

/** Cuts the chunks of a Shopify CSV into records, each with the line where it begins. */
export class RecordReader {
  #columns: string[] | undefined
  #parser = this.#newParser()
  /** Lines before the first one that the present parser saw. */
  #before = 0
  /** The last line of the last record. */
  #done = 0
  /** Lines before the chunk that is being read. */
  #chunkBegins = 0
  /** What lies before the end of this line is not read again. */
  #skipTo = 0
  #lines: Line[] = []

  taken(): Line[] {
    const lines = this.#lines
    this.#lines = []
    return lines
  }

  async read(chunk: Buffer): Promise<void> {
    let rest = afterLine(chunk, this.#skipTo - this.#chunkBegins)
    while (rest) {
      const error = await written(this.#parser, rest)
      if (!error) break
      this.#recover(error)
      rest = afterLine(chunk, this.#skipTo - this.#chunkBegins)
    }
    this.#chunkBegins += newlines(chunk)
  }

  async end(): Promise<void> {
    const error = await written(this.#parser)
    if (error) this.#recover(error)
  }

  requireHeader(): void {
    if (!this.#columns) throw new UnreadableFile(notShopify)
  }

  #newParser(): Parser {
    const parser = parse({
      columns: this.#columns ?? ((names: string[]) => this.#header(names)),
      record_delimiter: ['\r\n', '\n'],
      // Spreadsheets leave out empty cells at the end. A record with too many is refused below.
      relax_column_count: true,
      max_record_size: rowLimit,
      info: true,
      on_record: (item: { record: CsvRecord; info: InfoRecord }) => this.#take(item),
    })
    // The error is handed to whoever wrote last; without a listener it would end the process.
    parser.on('error', () => {})
    return parser
  }

  #header(names: string[]): string[] {
    const trimmed = names.map((name) => name.trim())
    const has = (...wanted: string[]) => wanted.some((name) => trimmed.includes(name))
    if (!has('Handle', 'URL handle') || !has('Title')) throw new UnreadableFile(notShopify)
    this.#columns = trimmed
    this.#done = 1
    return trimmed
  }

  #take({ record, info }: { record: CsvRecord; info: InfoRecord }): null {
    const line = this.#done + 1
    // `lines` counts the line that follows once its record is complete, except at the very end of the file.
    this.#done = this.#before + info.lines
    const cells = Object.values(record)
    if (cells.every((cell) => cell === '')) return null
    const columns = this.#columns?.length ?? 0
    const fault =
      info.index > columns
        ? `The record on line ${line} has ${info.index} cells, the header ${columns}`
        : cells.some((cell) => cell.includes('\ufffd'))
          ? 'Not UTF-8: save the file as UTF-8'
          : undefined
    this.#lines.push({ line, record, ...(fault && { fault }) })
    return null
  }

  /** Begins anew on the line after a misplaced quote. */
  #recover(error: Error): void {
    if (!(error instanceof CsvError)) throw error
    if (!this.#columns) throw new UnreadableFile(notShopify)
    const line = this.#done + 1
    if (error.code !== 'CSV_INVALID_CLOSING_QUOTE' && error.code !== 'INVALID_OPENING_QUOTE')
      throw new UnreadableFile(
        `The record that begins on line ${line} does not end: a quote is opened there and not closed, or it is larger than 1 MiB. Nothing after it was read`,
      )
    const bad = this.#before + Number(error.lines)
    this.#lines.push({
      line,
      fault: `A quote on line ${bad} is misplaced, so ${line === bad ? 'it' : `all from line ${line} on`} cannot be read: a quote inside a quoted cell is written twice`,
    })
    this.#before = bad
    this.#done = bad
    this.#skipTo = bad
    this.#parser = this.#newParser()
  }
}

const notShopify =
  'This is neither a JSON array, nor NDJSON, nor a Shopify product CSV (whose first line names the columns Handle and Title, separated by commas)'

/** Hands a chunk to the parser, or its end. Resolves with the error it met. */
const written = (parser: Parser, chunk?: Buffer): Promise<Error | undefined> =>
  new Promise((resolve) => {
    const done = (error?: Error | null) => resolve(error ?? undefined)
    if (chunk) parser.write(chunk, done)
    else parser.once('error', done).once('end', done).resume().end()
  })

const newlines = (chunk: Buffer): number => {
  let count = 0
  for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) count++
  return count
}

/** What follows the first `count` lines. */
function afterLine(chunk: Buffer, count: number): Buffer | undefined {
  let from = 0
  for (let left = count; left > 0; left--) {
    const end = chunk.indexOf(10, from)
    if (end < 0) return undefined
    from = end + 1
  }
  return chunk.subarray(from)
}
