import { aProduct, mayWrite } from './http.ts'

/** Returns requests that are too large in some way. They have names because they are too long to print. */
export function oversizedRequests(): Record<string, unknown> {
  const levels = 100_000
  const request = (body: string, contentType = 'application/json') => ({
    pathParameters: { id: 'a', sku: 'S' },
    headers: { 'content-type': contentType },
    body,
    requestContext: { authorizer: { lambda: mayWrite } },
  })
  const many = (count: number, text: string) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`${text}${index}`, `${text}${index}`]))
  const nested = `${'{"a":'.repeat(levels / 2)}1${'}'.repeat(levels / 2)}`
  return {
    'arrays 100,000 deep': request(`${'['.repeat(levels)}${']'.repeat(levels)}`),
    'objects 50,000 deep': request(nested),
    'a patch 50,000 deep': request(nested, 'application/merge-patch+json'),
    'attributes 50,000 deep': request(`{"attributes":${nested}}`),
    'a patch with attributes 50,000 deep': request(
      `{"attributes":${nested}}`,
      'application/merge-patch+json',
    ),
    'a stock 100,000 deep': request(`{"stock":${'['.repeat(levels)}${']'.repeat(levels)}}`),
    'a text that never ends': request(`"${'x'.repeat(310_000)}`),
    'a title of 310,000 characters': request(JSON.stringify({ ...aProduct, title: 'x'.repeat(310_000) })),
    '5,000 attributes': request(JSON.stringify({ ...aProduct, attributes: many(5_000, 'attribute') })),
    '5,000 unknown fields': request(JSON.stringify(many(5_000, 'field'))),
    'a number of 300,000 digits': request(`{"stock":${'9'.repeat(300_000)}}`),
    'white space': request(' '.repeat(320 * 1024)),
    'a body over the limit': request(`"${'x'.repeat(320 * 1024)}"`),
    '10,000 query parameters': {
      pathParameters: { id: 'a', sku: 'S' },
      queryStringParameters: { category: 'kitchen', ...many(10_000, 'p') },
      rawQueryString: 'p=1&'.repeat(10_000),
    },
    '10,000 ids': { queryStringParameters: { ids: Object.keys(many(10_000, 'p')).join(',') } },
    'a cursor of 100,000 characters': {
      pathParameters: { id: 'a' },
      queryStringParameters: { category: 'kitchen', cursor: 'x'.repeat(100_000) },
    },
    '10,000 headers': { pathParameters: { id: 'a' }, headers: many(10_000, 'x') },
    '30,000 tags in If-None-Match': {
      pathParameters: { id: 'a' },
      headers: { 'if-none-match': '"p-1", '.repeat(30_000) },
    },
    '30,000 tags in If-None-Match for a list': {
      queryStringParameters: { category: 'kitchen' },
      headers: { 'if-none-match': '"p-1", '.repeat(30_000) },
    },
    '30,000 tags in If-Match': {
      ...request(JSON.stringify(aProduct)),
      headers: { 'content-type': 'application/json', 'if-match': 'W/"p-1-1", '.repeat(30_000) },
    },
    'one open quote of 100,000 in If-Match': {
      ...request(JSON.stringify(aProduct)),
      headers: { 'content-type': 'application/json', 'if-match': '"'.repeat(100_001) },
    },
    'an Idempotency-Key of 100,000 characters': {
      ...request(JSON.stringify(aProduct)),
      headers: { 'content-type': 'application/json', 'idempotency-key': 'k'.repeat(100_000) },
    },
    'an id of 100,000 characters': {
      ...request('{}'),
      pathParameters: { id: 'a'.repeat(100_000), sku: 'S' },
    },
    'a sku of 100,000 characters': {
      ...request('{"stock":1}'),
      pathParameters: { id: 'a', sku: 'S'.repeat(100_000) },
    },
  }
}
