import { type Row, rowLimit, tooLarge } from './row.ts'

/** The rows of newline-delimited JSON. Each line stands for itself: a bad one does not touch the others. */
export async function* readNdjson(chunks: AsyncGenerator<Buffer>): AsyncGenerator<Row[]> {
  let line = 0
  const lines = new Lines()
  const rows = (texts: (Buffer | undefined)[]) =>
    texts.flatMap((bytes) => {
      line++
      if (bytes === undefined) return [{ line, value: undefined, fault: tooLarge }]
      const text = bytes.toString().trim()
      return text ? [parseLine(line, text)] : []
    })
  for await (const chunk of chunks) yield rows(lines.take(chunk))
  yield rows(lines.end())
}

function parseLine(line: number, text: string): Row {
  // What the decoder puts in place of bytes that are no UTF-8. Taking it in would garble a product for good.
  if (text.includes('\ufffd')) return { line, value: text, fault: 'Not UTF-8: save the file as UTF-8' }
  try {
    return { line, value: JSON.parse(text) }
  } catch (error) {
    return { line, value: text, fault: `Not JSON: ${(error as Error).message}` }
  }
}

/** Cuts chunks into lines, without their ends; undefined stands for one that is larger than a row may be. */
class Lines {
  #begun: Buffer[] = []
  #size = 0

  take(chunk: Buffer): (Buffer | undefined)[] {
    const lines: (Buffer | undefined)[] = []
    let from = 0
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      this.#add(chunk.subarray(from, end))
      lines.push(this.#finish())
      from = end + 1
    }
    if (from < chunk.length) this.#add(chunk.subarray(from))
    return lines
  }

  end(): (Buffer | undefined)[] {
    return this.#size > 0 ? [this.#finish()] : []
  }

  #add(part: Buffer): void {
    this.#size += part.length
    if (this.#size <= rowLimit) this.#begun.push(part)
    else this.#begun = []
  }

  #finish(): Buffer | undefined {
    const [first, ...more] = this.#begun
    const line =
      this.#size > rowLimit ? undefined : first && more.length === 0 ? first : Buffer.concat(this.#begun)
    this.#begun = []
    this.#size = 0
    return line
  }
}
