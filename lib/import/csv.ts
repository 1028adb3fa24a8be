import { type CsvRecord, type ReadRecord, RecordReader } from './csvRecords.ts'
import { maxRowBytes, type Row, rowTooLarge } from './row.ts'

/**
 * Reads the products of a Shopify product CSV. Consecutive records with the same handle form one product.
 *
 * @throws {UnreadableFile} if the header is not Shopify's, or if a quote is never closed
 */
export async function* readCsv(chunks: AsyncGenerator<Buffer>): AsyncGenerator<Row[]> {
  const reader = new RecordReader()
  const products = new ProductGrouper()
  for await (const chunk of chunks) {
    await reader.read(chunk)
    yield products.add(reader.takeRecords())
  }
  await reader.end()
  yield [...products.add(reader.takeRecords()), ...products.end()]
  reader.requireHeader()
}

/** Groups consecutive records with the same handle into products. */
class ProductGrouper {
  #group: (Row & { value: CsvRecord[]; handle: string; size: number }) | undefined

  /** Returns the products that these records complete. */
  add(records: ReadRecord[]): Row[] {
    return records.flatMap((each) => this.#addRecord(each))
  }

  end(): Row[] {
    const group = this.#group
    this.#group = undefined
    return group ? [toRow(group)] : []
  }

  #addRecord({ line, record, fault }: ReadRecord): Row[] {
    if (!record) {
      // The record may belong to the current product. Half a product must not be written, so that product is refused,
      // too.
      if (this.#group)
        this.#group.fault ??= `The record on line ${line} cannot be read, and it may belong to this product`
      return [{ line, value: undefined, fault: fault ?? 'The record cannot be read' }]
    }
    const handle = (record.Handle ?? record['URL handle'] ?? '').trim()
    const finished = this.#group?.handle === handle ? [] : this.end()
    this.#group ??= { line, value: [], handle, size: 0 }
    const group = this.#group
    group.size += Object.values(record).reduce((sum, cell) => sum + cell.length, 0)
    if (group.size > maxRowBytes) {
      group.fault ??= rowTooLarge
      group.value = []
    } else group.value.push(record)
    if (fault) group.fault ??= fault
    return finished
  }
}

const toRow = ({ line, value, fault }: Row): Row => ({ line, value, ...(fault !== undefined && { fault }) })
