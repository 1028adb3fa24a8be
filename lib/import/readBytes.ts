import { pipeline, Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { UnreadableFile } from './row.ts'

/**
 * Reads the bytes of a catalogue file. Unpacks them if the first two bytes, not a file name, mark them as gzip.
 *
 * @param onBytes called before each chunk with the size of it in the file, so packed or not
 * @throws {UnreadableFile} if the packed data are damaged or end early
 */
export async function* readBytes(source: Readable, onBytes: (count: number) => void): AsyncGenerator<Buffer> {
  const [head, rest] = await peekBytes(toBuffers(source), (bytes) => bytes.length >= 2)
  if (head[0] !== 0x1f || head[1] !== 0x8b) {
    for await (const chunk of rest) {
      onBytes(chunk.length)
      yield chunk
    }
    return
  }
  // pipeline passes an error of any stream to the last one, where the loop below throws it.
  const gunzip = pipeline(Readable.from(rest, { objectMode: false }), createGunzip(), () => {})
  try {
    let packed = 0
    for await (const chunk of gunzip) {
      // A packed chunk unpacks to many. `bytesWritten` counts what was unpacked of it.
      onBytes(gunzip.bytesWritten - packed)
      packed = gunzip.bytesWritten
      yield chunk
    }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (!code?.startsWith('Z_')) throw error
    throw new UnreadableFile(
      code === 'Z_BUF_ERROR' ? 'The gzip data end too early' : 'The gzip data are damaged',
    )
  }
}

async function* toBuffers(source: Readable): AsyncGenerator<Buffer> {
  for await (const chunk of source) yield Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk)
}

/**
 * Reads until `isEnough` returns true, 64 KiB are read, or the data end.
 *
 * @returns the bytes that were read, and all bytes again from the start
 */
export async function peekBytes(
  chunks: AsyncGenerator<Buffer>,
  isEnough: (bytes: Buffer) => boolean,
): Promise<[head: Buffer, all: AsyncGenerator<Buffer>]> {
  let head: Buffer = Buffer.alloc(0)
  while (!isEnough(head) && head.length < 65_536) {
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
    // Closing this generator does not close `chunks` if reading from it never began.
    await chunks.return(undefined)
  }
}
