import * as fc from 'fast-check'
import { almostBody, rightBody } from './almostBody.ts'
import { anyJson, anyText } from './anyJson.ts'
import { mayWrite } from './http.ts'

/** Ids that tests put products at, so that events meet some. */
export const ids = ['a', 'b', 'c'] as const

const none = fc.constant(undefined)

/** Nobody's word, or that of an authorizer that has not allowed enough. */
const anyAuthorizer = fc.oneof(
  anyJson,
  fc.constantFrom({ refusal: 'Send a token' }, { subject: 'test', scope: 'catalog:writes review:write' }),
  fc.record({ subject: anyJson, scope: anyJson }, { requiredKeys: [] }),
)

/** The parts of a request that is right. */
const right = (id: string) => ({
  path: fc.record({ id: fc.constantFrom(...ids), sku: fc.constantFrom('S', 'M/L é') }),
  query: fc.oneof(
    fc.record({ ids: fc.array(fc.constantFrom(...ids), { minLength: 1, maxLength: 5 }).map(String) }),
    fc.record({ category: fc.constantFrom('kitchen', 'kitchen/coffee'), limit: fc.constantFrom('1', '100') }),
  ),
  contentType: fc.constantFrom('application/json', 'Application/JSON; charset=utf-8'),
  ifMatch: none,
  ifNoneMatch: none,
  key: none,
  body: rightBody(id),
  encoded: fc.boolean(),
  authorizer: fc.constant<unknown>(mayWrite),
})

/** Other parts, mostly wrong. */
const wrong = (id: string) => ({
  path: fc.record({ id: anyText, sku: anyText }),
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
    { weight: 4, arbitrary: almostBody(id) },
    anyText,
    anyJson.map((value) => JSON.stringify(value)),
  ),
  authorizer: anyAuthorizer,
})

/** A request whose token allows it and that is right but for one part, and for that not always. */
export const almostEvent = (id: string): fc.Arbitrary<unknown> =>
  fc
    .constantFrom<keyof ReturnType<typeof wrong>>(
      ...(['path', 'query', 'contentType', 'ifMatch', 'ifNoneMatch', 'key', 'authorizer'] as const),
      ...(['body', 'body', 'body', 'body', 'body', 'authorizer'] as const),
    )
    .chain((part) => fc.record({ ...right(id), [part]: wrong(id)[part] } as Parts))
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

type Parts = Omit<ReturnType<typeof right>, 'ifMatch' | 'ifNoneMatch' | 'key'> & {
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

/** Anything at all for the headers. */
export const anyHeaders = fc.oneof(anyJson, fc.dictionary(fc.constantFrom(...names), anyJson))

/** Anything at all for an event: no token that may write but by chance, and no part as API Gateway would make it. */
export const anyEvent = (id: string): fc.Arbitrary<unknown> =>
  fc.oneof(
    { weight: 1, arbitrary: anyJson },
    {
      weight: 9,
      arbitrary: fc.record(
        {
          pathParameters: fc.oneof(anyJson, fc.dictionary(fc.constantFrom('id', 'sku'), anyJson)),
          queryStringParameters: fc.oneof(
            anyJson,
            fc.dictionary(fc.constantFrom('ids', 'category', 'limit', 'cursor'), anyJson),
          ),
          rawQueryString: anyJson,
          rawPath: anyJson,
          headers: anyHeaders,
          cookies: anyJson,
          body: fc.oneof(anyJson, rightBody(id), almostBody(id)),
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
