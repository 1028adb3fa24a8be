import * as fc from 'fast-check'
import { anyJson, anyText } from './anyJson.ts'
import { mayWrite } from './http.ts'
import { mutatedBody, validBody } from './requestBodies.ts'

/** The ids of the products that the tests store, so that some events concern an existing product. */
export const ids = ['a', 'b', 'c'] as const

const absent = fc.constant(undefined)

/** A result that does not come from the authorizer, or one of the authorizer that allows too little. */
const anyAuthorizer = fc.oneof(
  anyJson,
  fc.constantFrom({ refusal: 'Send a token' }, { subject: 'test', scope: 'catalog:writes review:write' }),
  fc.record(
    { subject: anyJson, name: anyJson, scope: fc.oneof(anyJson, fc.constant('reviews:write')) },
    { requiredKeys: [] },
  ),
)

const validQuery: fc.Arbitrary<Record<string, string> | undefined> = fc.oneof(
  fc.record({ ids: fc.array(fc.constantFrom(...ids), { minLength: 1, maxLength: 5 }).map(String) }),
  fc.record({ category: fc.constantFrom('kitchen', 'kitchen/coffee'), limit: fc.constantFrom('1', '100') }),
)

/** The parts of a valid request. */
const validParts = (id: string) => ({
  path: fc.record({
    id: fc.constantFrom(...ids),
    sku: fc.constantFrom('S', 'M/L é'),
    reviewId: fc.constantFrom('r', 'none'),
  }),
  query: id === 'getProducts' ? validQuery : absent,
  contentType: fc.constantFrom('application/json', 'Application/JSON; charset=utf-8'),
  ifMatch: absent,
  ifNoneMatch: absent,
  key: absent,
  body: validBody(id),
  encoded: fc.boolean(),
  authorizer: fc.constant<unknown>(mayWrite),
})

/** Parts that are mostly invalid. */
const invalidParts = (id: string) => ({
  path: fc.record({ id: anyText, sku: anyText, reviewId: anyText }),
  query: fc.oneof(
    fc.record({ ids: fc.array(fc.oneof(fc.constantFrom(...ids), anyText), { maxLength: 5 }).map(String) }),
    fc.record(
      { category: fc.oneof(fc.constant('kitchen'), anyText), limit: anyText, cursor: anyText },
      { requiredKeys: ['category'] },
    ),
    fc.dictionary(anyText, anyText),
  ),
  contentType: fc.oneof(fc.constant('application/merge-patch+json'), anyText),
  ifMatch: anyText,
  ifNoneMatch: anyText,
  key: fc.oneof(fc.constantFrom('one', 'two'), anyText),
  body: fc.oneof(
    { weight: 4, arbitrary: mutatedBody(id) },
    anyText,
    anyJson.map((value) => JSON.stringify(value)),
  ),
  authorizer: anyAuthorizer,
})

/** An event of an authorised request in which at most one part is invalid. */
export const almostValidEvent = (id: string): fc.Arbitrary<unknown> =>
  fc
    .constantFrom<keyof ReturnType<typeof invalidParts>>(
      ...(['path', 'query', 'contentType', 'ifMatch', 'ifNoneMatch', 'key', 'authorizer'] as const),
      ...(['body', 'body', 'body', 'body', 'body', 'authorizer'] as const),
    )
    .chain((part) => fc.record({ ...validParts(id), [part]: invalidParts(id)[part] } as Parts))
    .map(({ path, query, contentType, ifMatch, ifNoneMatch, key, body, encoded, authorizer }) => ({
      pathParameters: path,
      queryStringParameters: query,
      headers: {
        'content-type': contentType,
        ...(ifMatch !== undefined && { 'If-Match': ifMatch }),
        ...(ifNoneMatch !== undefined && { 'if-none-match': ifNoneMatch }),
        ...(key !== undefined && { 'idempotency-key': key }),
      },
      body: encoded ? Buffer.from(body).toString('base64') : body,
      isBase64Encoded: encoded,
      requestContext: { authorizer: { lambda: authorizer } },
    }))

type Parts = Omit<ReturnType<typeof validParts>, 'ifMatch' | 'ifNoneMatch' | 'key'> & {
  [name in 'ifMatch' | 'ifNoneMatch' | 'key']: fc.Arbitrary<string | undefined>
}

const names = [
  'content-type',
  'If-Match',
  'if-none-match',
  'idempotency-key',
  'authorization',
  'origin',
  'Origin',
]

/** Any JSON as the headers, or any JSON as the value of a known header. */
export const anyHeaders = fc.oneof(anyJson, fc.dictionary(fc.constantFrom(...names), anyJson))

/** Any JSON as the event or as its parts, mostly unlike an event of API Gateway and seldom authorised. */
export const anyEvent = (id: string): fc.Arbitrary<unknown> =>
  fc.oneof(
    { weight: 1, arbitrary: anyJson },
    {
      weight: 9,
      arbitrary: fc.record(
        {
          pathParameters: fc.oneof(anyJson, fc.dictionary(fc.constantFrom('id', 'sku', 'reviewId'), anyJson)),
          queryStringParameters: fc.oneof(
            anyJson,
            fc.dictionary(fc.constantFrom('ids', 'category', 'limit', 'cursor'), anyJson),
          ),
          rawQueryString: anyJson,
          rawPath: anyJson,
          headers: anyHeaders,
          cookies: anyJson,
          body: fc.oneof(anyJson, validBody(id), mutatedBody(id)),
          isBase64Encoded: fc.oneof(fc.boolean(), anyJson),
          requestContext: fc.oneof(
            anyJson,
            fc.record({ authorizer: anyJson }),
            fc.record({
              authorizer: fc.record({ lambda: fc.oneof(anyAuthorizer, fc.constant(mayWrite)) }),
            }),
          ),
        },
        { requiredKeys: [] },
      ),
    },
  )
