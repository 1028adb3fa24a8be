import { pipeline, Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { UnreadableFile } from './row.ts'

/**
 * The bytes of a catalogue, unpacked when they are gzipped (told by their first two bytes, not by a name).
 *
 * @param onBytes hears of every chunk as it was read, packed or not
 * @throws {UnreadableFile} when the packed data are damaged or end early
 */
export async function* readBytes(source: Readable, onBytes: (count: number) => void): AsyncGenerator<Buffer> {
  const [head, rest] = await peek(counted(source, onBytes), (bytes) => bytes.length >= 2)
  if (head[0] !== 0x1f || head[1] !== 0x8b) return yield* rest
  // pipeline hands an error of any part to the last one, where the loop below meets it.
  const gunzip = pipeline(Readable.from(rest, { objectMode: false }), createGunzip(), () => {})
  try {
    yield* gunzip
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (!code?.startsWith('Z_')) throw error
    throw new UnreadableFile(
      code === 'Z_BUF_ERROR' ? 'The gzip data end too early' : 'The gzip data are damaged',
    )
  }
}

async function* counted(source: Readable, onBytes: (count: number) => void): AsyncGenerator<Buffer> {
  for await (const chunk of source) {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk)
    onBytes(bytes.length)
    yield bytes
  }
}

/**
 * Reads on until `enough` says so or 64 KiB or the end are reached.
 *
 * @returns what was read, and everything from the start again
 */
export async function peek(
  chunks: AsyncGenerator<Buffer>,
  enough: (bytes: Buffer) => boolean,
): Promise<[head: Buffer, all: AsyncGenerator<Buffer>]> {
  let head: Buffer = Buffer.alloc(0)
  while (!enough(head) && head.length < 65_536) {
    const next = await chunks.next()
    if (next.done) break
    head = head.length ? Buffer.concat([head, next.value]) : next.value
  }
  return [head, prepend(head, chunks)]
}

async function* prepend(head: Buffer, chunks: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  try {
    if (head.length) yield head
    yield* chunks
  } finally {
    // A generator that nobody began to read is not closed by closing this one.
    await chunks.return(undefined)
  }
}
