import { maxRowBytes, type Row, rowTooLarge } from './row.ts'

/**
 * Reads the rows of newline-delimited JSON. Each line is a row of its own, so a bad line does not affect the others.
 */
export async function* readNdjson(chunks: AsyncGenerator<Buffer>): AsyncGenerator<Row[]> {
  let line = 0
  const splitter = new LineSplitter()
  const toRows = (lines: (Buffer | undefined)[]) =>
    lines.flatMap((bytes) => {
      line++
      if (bytes === undefined) return [{ line, value: undefined, fault: rowTooLarge }]
      const text = bytes.toString().trim()
      return text ? [parseLine(line, text)] : []
    })
  for await (const chunk of chunks) yield toRows(splitter.add(chunk))
  yield toRows(splitter.end())
}

function parseLine(line: number, text: string): Row {
  // The decoder puts U+FFFD in place of bytes that are not UTF-8. Importing it would garble the product for good.
  if (text.includes('\ufffd')) return { line, value: text, fault: 'Not UTF-8: save the file as UTF-8' }
  try {
    return { line, value: JSON.parse(text) }
  } catch (error) {
    return { line, value: text, fault: `Not JSON: ${(error as Error).message}` }
  }
}

/** Splits chunks into lines without their line ends. A line that is larger than a row may be becomes undefined. */
class LineSplitter {
  #parts: Buffer[] = []
  #size = 0

  add(chunk: Buffer): (Buffer | undefined)[] {
    const lines: (Buffer | undefined)[] = []
    let from = 0
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      this.#addPart(chunk.subarray(from, end))
      lines.push(this.#finishLine())
      from = end + 1
    }
    if (from < chunk.length) this.#addPart(chunk.subarray(from))
    return lines
  }

  end(): (Buffer | undefined)[] {
    return this.#size > 0 ? [this.#finishLine()] : []
  }

  #addPart(part: Buffer): void {
    this.#size += part.length
    if (this.#size <= maxRowBytes) this.#parts.push(part)
    else this.#parts = []
  }

  #finishLine(): Buffer | undefined {
    const [first, ...more] = this.#parts
    const line =
      this.#size > maxRowBytes ? undefined : first && more.length === 0 ? first : Buffer.concat(this.#parts)
    this.#parts = []
    this.#size = 0
    return line
  }
}
