import * as z from 'zod/mini'
import english from 'zod/v4/locales/en.js'
import { categoryGrammar, isCategory } from '../categories/category.ts'
import { type Fault, InvalidProduct } from '../errors.ts'
import { isProductId, productIdGrammar } from './id.ts'

z.config(english())

/**
 * Text of `min` to `max` UTF-16 code units, in normal form C. Lone surrogates and control characters are refused:
 * no encoding, terminal or page shows them as they came. `lines` allows line breaks and tabs.
 */
export const text = (min: number, max: number, { lines = false } = {}) =>
  z.string().check(
    z.minLength(min),
    z.maxLength(max),
    z.refine((value) => min === 0 || value.trim() !== '', 'Text must not be blank'),
    z.refine((value) => value.isWellFormed(), 'Text must not hold half of a surrogate pair'),
    z.refine(
      // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the point
      (value) => !(lines ? /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/ : /[\0-\x1f\x7f]/).test(value),
      'Text must not hold control characters',
    ),
    z.overwrite((value) => value.normalize('NFC')),
  )

/** The most that a stock may be. */
export const largestCount = 1_000_000_000
export const count = z.int().check(z.minimum(0), z.maximum(largestCount))
/** A number that DynamoDB and the SDK hand back as it was given, with one zero only. */
const number = z.number().check(
  z.refine(
    (value) => value === 0 || (Math.abs(value) > 1e-100 && Math.abs(value) <= Number.MAX_SAFE_INTEGER),
    'Too big or too small a number',
  ),
  z.overwrite((value) => value + 0),
)
const timestamp = z.iso.datetime()

/** An amount in the currency's minor unit (cents for EUR) and the ISO 4217 code of the currency. */
export const Money = z.strictObject({
  amount: z.int().check(z.minimum(0), z.maximum(1_000_000_000_000)),
  currency: z.string().check(z.regex(/^[A-Z]{3}$/, 'Currency is an ISO 4217 code such as EUR')),
})

/** A name that a shop gives freely: an option, an attribute. */
const key = z.string().check(
  z.minLength(1),
  z.maxLength(100),
  z.refine((name) => name.isWellFormed(), 'Not a usable name'),
)

/** `__proto__` may not be among them: zod's record would pass over it without a word. */
const withoutProto = z.unknown().check(
  z.refine((given) => !Object.hasOwn(Object(given), '__proto__'), {
    path: ['__proto__'],
    error: 'Not a usable name',
  }),
)

/** One thing that can be bought: a size, a colour. `sku` is unique within the product. */
export const Variant = z.strictObject({
  sku: text(1, 100),
  options: z._default(z.pipe(withoutProto, z.record(key, text(1, 200))), {}),
  price: Money,
  stock: z._default(count, 0),
})

export const Image = z.strictObject({
  url: z
    .string()
    .check(
      z.maxLength(2048),
      z.regex(/^(https?:\/\/|\/)[^\s"'<>\\]+$/, 'An image url is http(s) or starts with /'),
    ),
  alt: z._default(text(0, 500), ''),
})

/** A path of slugs, the root first: `clothing/shoes`. */
export const Category = z.string().check(z.refine(isCategory, `A category is ${categoryGrammar}`))

const content = {
  title: text(1, 300),
  description: z._default(text(0, 20_000, { lines: true }), ''),
  brand: z.optional(text(1, 200)),
  category: Category,
  price: Money,
  compareAtPrice: z.optional(Money),
  variants: z._default(z.array(Variant).check(z.maxLength(250)), []),
  stock: z._default(count, 0),
  images: z._default(z.array(Image).check(z.maxLength(250)), []),
  tags: z._default(z.array(text(1, 100)).check(z.maxLength(250)), []),
  attributes: z._default(
    z.pipe(
      withoutProto,
      z
        .record(key, z.union([text(0, 2000, { lines: true }), number, z.boolean()]))
        .check(z.refine((attributes) => Object.keys(attributes).length <= 250, 'At most 250 attributes')),
    ),
    {},
  ),
}

/** What the shop decides about a product. Everything else in a {@link Product} the catalog keeps itself. */
export type ProductContent = z.infer<typeof ProductContent>
const ProductContent = z.strictObject(content)

/** A product as it is read. `version` rises with every change, `rating.average` is 0 where nobody rated. */
export type Product = { id: string } & ProductContent & {
    rating: { average: number; count: number }
    version: number
    /** ISO 8601, UTC */
    createdAt: string
    /** ISO 8601, UTC */
    updatedAt: string
  }

/**
 * What a writer may send: the content, and beside it the fields that the catalog keeps itself, so that a product
 * can be sent back as it was read. Those are checked for their form and then ignored; a version is demanded with `If-Match`.
 */
const ProductInput = z
  .strictObject({
    ...content,
    id: z.optional(z.string().check(z.refine(isProductId, `An id is ${productIdGrammar}`))),
    rating: z.optional(z.strictObject({ average: z.number(), count })),
    version: z.optional(z.int()),
    createdAt: z.optional(timestamp),
    updatedAt: z.optional(timestamp),
  })
  .check(
    z.refine(({ variants }) => new Set(variants.map(({ sku }) => sku)).size === variants.length, {
      path: ['variants'],
      error: 'Two variants have the same sku',
    }),
  )

/** Bytes of a product's content as JSON. An item of DynamoDB holds 400 KB. */
const largestProduct = 256 * 1024

/**
 * Checks what a writer sent and completes it: defaults filled in, text normalised, `stock` the sum over the variants
 * where there are any.
 *
 * @throws {InvalidProduct} with a pointer to each offending field
 */
export function parseProduct(input: unknown): {
  id: string | undefined
  createdAt: string | undefined
  content: ProductContent
} {
  const { id, rating, version, createdAt, updatedAt, ...content } = check(ProductInput, input)
  if (Buffer.byteLength(JSON.stringify(content)) > largestProduct) {
    throw new InvalidProduct([
      { pointer: '', detail: `A product has at most ${largestProduct} bytes as JSON` },
    ])
  }
  if (content.variants.length > 0) content.stock = content.variants.reduce((sum, { stock }) => sum + stock, 0)
  return { id, createdAt, content }
}

/**
 * Checks an input against a schema and completes it.
 *
 * @throws {InvalidProduct} with a pointer to each offending field
 */
export function check<T extends z.ZodMiniType>(schema: T, input: unknown): z.output<T> {
  const parsed = schema.safeParse(input)
  if (parsed.success) return parsed.data
  // One fault for each place: the last check of several that fail is the most specific.
  const faults = parsed.error.issues.flatMap(faultsOf)
  throw new InvalidProduct([...new Map(faults.map((fault) => [fault.pointer, fault])).values()])
}

/**
 * {@link parseProduct} for a product whose id is already known.
 *
 * @throws {InvalidProduct} also when the input names another id
 */
export function parseProductWithId(id: string, input: unknown): ProductContent {
  const parsed = parseProduct(input)
  if (parsed.id !== undefined && parsed.id !== id) {
    throw new InvalidProduct([{ pointer: '/id', detail: `The path names the id ${id}` }])
  }
  return parsed.content
}

const pointer = (path: readonly PropertyKey[]) =>
  path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')

/** One fault a field: a key that is not known gets a pointer of its own. */
export const faultsOf = (issue: z.core.$ZodIssue): Fault[] =>
  issue.code === 'unrecognized_keys'
    ? issue.keys.map((name) => ({ pointer: pointer([...issue.path, name]), detail: 'Unknown field' }))
    : [{ pointer: pointer(issue.path), detail: issue.message }]
