import { createHash, createHmac } from 'node:crypto'

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest()
/** As RFC 3986 has it, of which encodeURIComponent leaves some out. */
const encode = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)

/**
 * The signature that a presigned GET has to carry, computed from AWS' description of Signature Version 4 and from nothing
 * that the code under test uses. https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html
 */
export function signatureOf(
  url: URL,
  secretAccessKey: string,
  { service, payload = sha256('') }: { service: string; payload?: string },
): string {
  const query = [...url.searchParams]
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join('&')
  const request = ['GET', url.pathname, query, `host:${url.host}\n`, 'host', payload].join('\n')
  const [, ...scope] = (url.searchParams.get('X-Amz-Credential') ?? '').split('/')
  const [date = '', region = ''] = scope
  const text = [
    'AWS4-HMAC-SHA256',
    url.searchParams.get('X-Amz-Date'),
    scope.join('/'),
    sha256(request),
  ].join('\n')
  const key = [date, region, service, 'aws4_request'].reduce<string | Buffer>(hmac, `AWS4${secretAccessKey}`)
  return hmac(key, text).toString('hex')
}
