import { type CsvRecord, type Line, RecordReader } from './csvRecords.ts'
import { type Row, rowLimit, tooLarge } from './row.ts'

/**
 * The products of a Shopify product CSV: the records that follow each other with the same handle.
 *
 * @throws {UnreadableFile} when the header is not Shopify's, or a quote is opened and not closed
 */
export async function* readCsv(chunks: AsyncGenerator<Buffer>): AsyncGenerator<Row[]> {
  const reader = new RecordReader()
  const products = new Products()
  for await (const chunk of chunks) {
    await reader.read(chunk)
    yield products.take(reader.taken())
  }
  await reader.end()
  yield [...products.take(reader.taken()), ...products.end()]
  reader.requireHeader()
}

/** Gathers the records that follow each other with the same handle. */
class Products {
  #group: (Row & { value: CsvRecord[]; handle: string; size: number }) | undefined

  take(lines: Line[]): Row[] {
    return lines.flatMap((line) => this.#add(line))
  }

  end(): Row[] {
    const group = this.#group
    this.#group = undefined
    return group ? [row(group)] : []
  }

  #add({ line, record, fault }: Line): Row[] {
    if (!record) {
      // Nobody can tell whose record this was. Half a product must not be written, so the one before it is refused too.
      if (this.#group)
        this.#group.fault ??= `A record of it, or the one after it, on line ${line} cannot be read`
      return [{ line, value: undefined, fault: fault ?? 'Not readable' }]
    }
    const handle = (record.Handle ?? record['URL handle'] ?? '').trim()
    const finished = this.#group?.handle === handle ? [] : this.end()
    this.#group ??= { line, value: [], handle, size: 0 }
    const group = this.#group
    group.size += Object.values(record).reduce((sum, cell) => sum + cell.length, 0)
    if (group.size > rowLimit) {
      group.fault ??= tooLarge
      group.value = []
    } else group.value.push(record)
    if (fault) group.fault ??= fault
    return finished
  }
}

const row = ({ line, value, fault }: Row): Row => ({ line, value, ...(fault !== undefined && { fault }) })
