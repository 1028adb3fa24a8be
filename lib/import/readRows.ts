import { readCsv } from './csv.ts'
import { readJsonArray } from './jsonArray.ts'
import { readNdjson } from './ndjson.ts'
import { peekBytes } from './readBytes.ts'
import { type Row, UnreadableFile } from './row.ts'

const isBlank = (byte: number) => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09

/**
 * Reads the rows of a catalogue. The first byte that is not white space decides the format: `[` for a JSON array, `{`
 * for NDJSON, anything else for a CSV. Yields the rows of a chunk together: a promise for each row would cost more
 * than to read it.
 *
 * @throws {UnreadableFile} if the file has none of these formats, or if a fault makes the rest of it unreadable
 */
export async function* readRows(chunks: AsyncGenerator<Buffer>): AsyncGenerator<Row[]> {
  const [head, all] = await peekBytes(
    chunks,
    (bytes) => bytes.length >= 3 && bytes.some((byte, at) => !isBlank(byte) && !isByteOrderMark(bytes, at)),
  )
  if (head.length === 0) throw new UnreadableFile('There is nothing to import: the input is empty')
  refuseOtherFormats(head)
  const text = withoutByteOrderMark(all)
  const first = head.find((byte, at) => !isBlank(byte) && !isByteOrderMark(head, at))
  if (first === undefined)
    throw new UnreadableFile('There is nothing to import: the input begins with white space only')
  if (first === 0x5b) yield* readJsonArray(text)
  else if (first === 0x7b) yield* readNdjson(text)
  else yield* readCsv(text)
}

/** Whether this byte belongs to the byte order mark that some editors put before UTF-8. */
const isByteOrderMark = (bytes: Buffer, at: number) =>
  at < 3 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf

async function* withoutByteOrderMark(chunks: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  let isFirst = true
  for await (const chunk of chunks) {
    yield isFirst && isByteOrderMark(chunk, 0) ? chunk.subarray(3) : chunk
    isFirst = false
  }
}

/** Throws for formats that people mistake for a catalogue file, with what to do about each. */
function refuseOtherFormats(head: Buffer): void {
  if (head.subarray(0, 4).equals(Buffer.from('PK\x03\x04')))
    throw new UnreadableFile(
      'This is a ZIP archive or a spreadsheet: unpack it, or save the sheet as CSV (UTF-8)',
    )
  if ((head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff))
    throw new UnreadableFile('This is UTF-16: save the file as UTF-8')
  if (head[0] === 0x1f && head[1] === 0x8b) throw new UnreadableFile('This is gzipped twice: unpack it once')
  if (head.includes(0))
    throw new UnreadableFile('This is binary data: expected a JSON array, NDJSON or a Shopify product CSV')
}
