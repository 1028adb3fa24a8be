import { readCsv } from './csv.ts'
import { readJsonArray } from './jsonArray.ts'
import { readNdjson } from './ndjson.ts'
import { type Row, UnreadableFile } from './row.ts'
import { peek } from './source.ts'

const isBlank = (byte: number) => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09

/**
 * The rows of a catalogue. Its first byte that is not blank tells the format: `[` a JSON array, `{` NDJSON,
 * anything else a CSV. They come by the chunk: a promise for each alone would cost more than its reading.
 *
 * @throws {UnreadableFile} when it is none of them, or broken in a way that leaves the rest without a meaning
 */
export async function* readRows(chunks: AsyncGenerator<Buffer>): AsyncGenerator<Row[]> {
  const [head, all] = await peek(
    chunks,
    (bytes) => bytes.length >= 3 && bytes.some((byte, at) => !isBlank(byte) && !isMark(bytes, at)),
  )
  if (head.length === 0) throw new UnreadableFile('There is nothing to import: the input is empty')
  refuseForeign(head)
  const text = withoutMark(all)
  const first = head.find((byte, at) => !isBlank(byte) && !isMark(head, at))
  if (first === undefined)
    throw new UnreadableFile('There is nothing to import: the input begins with blanks only')
  if (first === 0x5b) yield* readJsonArray(text)
  else if (first === 0x7b) yield* readNdjson(text)
  else yield* readCsv(text)
}

/** Whether this byte belongs to the byte order mark that some editors put before UTF-8. */
const isMark = (bytes: Buffer, at: number) =>
  at < 3 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf

async function* withoutMark(chunks: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  let first = true
  for await (const chunk of chunks) {
    yield first && isMark(chunk, 0) ? chunk.subarray(3) : chunk
    first = false
  }
}

/** Files that people take for a catalogue, each with what to do about it. */
function refuseForeign(head: Buffer): void {
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
