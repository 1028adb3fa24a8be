import { Problem } from './problem.ts'

/** The largest request body, in bytes: the largest product as this API returns it, with room for white space. */
const maxBodyBytes = 320 * 1024

/**
 * Rejects bytes that are not valid UTF-8 instead of replacing them. Keeps a byte order mark, which JSON.parse rejects:
 * RFC 8259 lets a sender add none. A body that API Gateway has decoded has it too.
 */
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** A request's body, as the gateway passes it on, and the headers that describe it. */
export interface EncodedBody {
  text: string
  isBase64: boolean
  contentType: string | undefined
  contentEncoding: string | undefined
}

/**
 * Parses a body as JSON.
 *
 * @param accepted media types, of which the body must have one
 * @throws {Problem} 413 for a body that is too large, 415 for another type or a compressed body, 400 for what is not
 *   JSON in UTF-8
 */
export function parseJsonBody(
  { text, isBase64, contentType = '', contentEncoding = 'identity' }: EncodedBody,
  accepted: readonly string[],
): unknown {
  // Checked before decoding: base64 text is a third longer than its content.
  const bytes = isBase64 ? Math.floor((text.length * 3) / 4) : Buffer.byteLength(text)
  if (bytes > maxBodyBytes)
    throw new Problem(413, 'body-too-large', `The body must be at most ${maxBodyBytes} bytes`)
  // RFC 9110, 15.5.16.
  if (!contentEncoding.split(',').every((coding) => /^\s*(identity)?\s*$/i.test(coding))) {
    throw new Problem(415, 'wrong-content-encoding', 'Send the body uncompressed, without content-encoding', {
      headers: { 'accept-encoding': 'identity' },
    })
  }
  const [type = ''] = contentType.split(';')
  if (!accepted.includes(type.trim().toLowerCase())) {
    throw new Problem(415, 'wrong-content-type', `Send the body as content-type: ${accepted.join(' or ')}`)
  }
  // API Gateway decodes a body of application/json and replaces each invalid byte by U+FFFD. What it replaced cannot
  // be seen here. A client that means this character can send its escape.
  if (!isBase64 && text.includes('\ufffd')) {
    const detail =
      'The body contains U+FFFD, which stands for bytes that are not UTF-8. Send the body in UTF-8'
    throw new Problem(400, 'malformed-json', detail)
  }
  try {
    return JSON.parse(isBase64 ? utf8.decode(Buffer.from(text, 'base64')) : text)
  } catch {
    throw new Problem(400, 'malformed-json', 'The body is not valid JSON in UTF-8')
  }
}
