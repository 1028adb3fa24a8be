import * as z from 'zod/mini'
import { categoryGrammar, isCategory } from '../categories/category.ts'
import { maxAmount } from '../describeIssue.ts'

/**
 * Text of `min` to `max` UTF-16 code units, normalised to NFC. Lone surrogates and control characters are refused,
 * because no encoding, terminal or browser shows them unchanged. U+FFFD is refused, because it stands where another
 * program could not decode the text. `lines` allows line breaks and tabs.
 */
export const text = (min: number, max: number, { lines = false } = {}) =>
  z.string().check(
    z.minLength(min),
    z.maxLength(max),
    z.refine((value) => min === 0 || value.trim() !== '', 'Text must not be blank'),
    z.refine((value) => value.isWellFormed(), 'Text must not contain half of a surrogate pair'),
    z.refine(
      // biome-ignore lint/suspicious/noControlCharactersInRegex: the check looks for control characters
      (value) => !(lines ? /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/ : /[\0-\x1f\x7f]/).test(value),
      'Text must not contain control characters',
    ),
    z.refine(
      (value) => !value.includes('\ufffd'),
      'Text must not contain U+FFFD, which replaces bytes that are not UTF-8',
    ),
    z.overwrite((value) => value.normalize('NFC')),
  )

/** The maximum stock of a variant or a product. */
export const maxStock = 1_000_000_000
/** A whole number from 0 to {@link maxStock}. */
export const count = z.int().check(z.minimum(0), z.maximum(maxStock))

/** A number that DynamoDB and the SDK return unchanged. Negative zero becomes 0. */
const number = z.number().check(
  z.refine(
    (value) => value === 0 || (Math.abs(value) > 1e-100 && Math.abs(value) <= Number.MAX_SAFE_INTEGER),
    'The number is too large or too close to zero',
  ),
  z.overwrite((value) => value + 0),
)

/** An amount in the currency's minor unit (cents for EUR) and the ISO 4217 code of the currency. */
export const Money = z.strictObject(
  {
    amount: z.int().check(z.minimum(0), z.maximum(maxAmount)),
    currency: z.string().check(z.regex(/^[A-Z]{3}$/, 'Currency is an ISO 4217 code such as EUR')),
  },
  {
    error: ({ code, input }) =>
      code === 'invalid_type' && input !== undefined
        ? 'A price is an object such as { "amount": 999, "currency": "EUR" } for 9.99 EUR'
        : undefined,
  },
)

const aName = 'The name of an option or attribute'

/** The name of an option or an attribute, which the shop chooses. */
const key = z.string().check(
  z.minLength(1),
  z.maxLength(100),
  z.refine((name) => name.isWellFormed(), `${aName} must not contain half of a surrogate pair`),
  z.refine(
    (name) => !name.includes('\ufffd'),
    `${aName} must not contain U+FFFD, which replaces bytes that are not UTF-8`,
  ),
)

/** Refuses the key `__proto__`, which zod's record would silently drop. */
const withoutProto = z.unknown().check(
  z.refine((value) => !Object.hasOwn(Object(value), '__proto__'), {
    path: ['__proto__'],
    error: `${aName} must not be __proto__`,
  }),
)

/** A version of the product that a customer can buy: a size, a colour. `sku` is unique within the product. */
const Variant = z.strictObject({
  sku: text(1, 100),
  options: z._default(z.pipe(withoutProto, z.record(key, text(1, 200))), {}),
  price: Money,
  stock: z._default(count, 0),
})

/**
 * The address of an image. A page shows it to other people, so it must be what it looks like: no control character, and
 * none that changes the direction of the text. `//host/x` looks like a path but leads to another host.
 */
const imageUrl = /^(https?:\/\/|\/(?!\/))[^\s"'<>\\\ufffd\p{Cc}\p{Cs}\p{Bidi_Control}]+$/u

const Image = z.strictObject({
  url: z
    .string()
    .check(
      z.maxLength(2048),
      z.regex(
        imageUrl,
        'An image url starts with http://, https:// or one /, and has no spaces, quotes, control or bidirectional characters',
      ),
    ),
  alt: z._default(text(0, 500), ''),
})

/** What the shop decides about a product. The catalogue maintains every other field of a {@link Product}. */
export const ProductContent = z.strictObject({
  title: text(1, 300),
  description: z._default(text(0, 20_000, { lines: true }), ''),
  brand: z.optional(text(1, 200)),
  category: z.string().check(z.refine(isCategory, `A category is ${categoryGrammar}`)),
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
        .record(
          key,
          z.union(
            [text(0, 2000, { lines: true }), number, z.boolean()],
            'An attribute is text of at most 2000 characters, a number, true or false',
          ),
        )
        .check(z.refine((attributes) => Object.keys(attributes).length <= 250, 'At most 250 attributes')),
    ),
    {},
  ),
})
export type ProductContent = z.infer<typeof ProductContent>

/** A product as the catalogue returns it. */
export type Product = { id: string } & ProductContent & {
    /** The average is 0 if the count is 0. */
    rating: { average: number; count: number }
    /** Rises with every change. */
    version: number
    /** ISO 8601, UTC */
    createdAt: string
    /** ISO 8601, UTC */
    updatedAt: string
  }
