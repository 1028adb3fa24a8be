import type { APIGatewayProxyEventV2, Context } from 'aws-lambda'

const headers = {
  accept: '*/*',
  'accept-encoding': 'gzip, deflate, br, zstd',
  'accept-language': 'en-GB,en;q=0.9,de;q=0.8',
  'content-length': '0',
  host: 'abcdefghij.execute-api.eu-central-1.amazonaws.com',
  origin: 'https://shop.example',
  referer: 'https://shop.example/',
  'sec-fetch-dest': 'empty',
  'sec-fetch-mode': 'cors',
  'sec-fetch-site': 'cross-site',
  'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  'x-amzn-trace-id': 'Root=1-65a0c0de-0123456789abcdef01234567',
  'x-forwarded-for': '192.0.2.1',
  'x-forwarded-port': '443',
  'x-forwarded-proto': 'https',
}

const requestContext = {
  accountId: '123456789012',
  apiId: 'abcdefghij',
  domainName: 'abcdefghij.execute-api.eu-central-1.amazonaws.com',
  domainPrefix: 'abcdefghij',
  http: {
    method: 'GET',
    path: '/products/1',
    protocol: 'HTTP/1.1',
    sourceIp: '192.0.2.1',
    userAgent: 'Mozilla/5.0',
  },
  requestId: 'JKJaXmPLvHcESHA=',
  routeKey: 'GET /products/{id}',
  stage: '$default',
  time: '12/Jan/2026:12:00:00 +0000',
  timeEpoch: 1_768_219_200_000,
}

/**
 * Returns the event of a browser's request, as API Gateway sends it (payload format 2.0). All events share the objects of
 * their headers and their request context.
 */
export const eventOf = (id: string): APIGatewayProxyEventV2 => ({
  version: '2.0',
  routeKey: 'GET /products/{id}',
  rawPath: `/products/${id}`,
  rawQueryString: '',
  headers,
  requestContext,
  pathParameters: { id },
  isBase64Encoded: false,
})

/** Returns the part of Lambda's context that a handler reads. */
export function contextOf(): Partial<Context> {
  const end = Date.now() + 6_000
  return {
    awsRequestId: '6bc28136-xmpl-4365-b021-0ce6b2e64ab0',
    getRemainingTimeInMillis: () => end - Date.now(),
  }
}
