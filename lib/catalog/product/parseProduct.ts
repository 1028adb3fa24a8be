import * as z from 'zod/mini'
import { InvalidProduct } from '../errors.ts'
import { validate } from '../validation.ts'
import { isProductId, productIdGrammar } from './id.ts'
import { count, ProductContent } from './product.ts'

const timestamp = z.iso.datetime()

/**
 * What a writer may send: the content, and also the fields that the catalogue maintains, so that a client can send a
 * product back as it read it. The form of those fields is checked; apart from that they are ignored. A client states the
 * version that it expects with `If-Match`.
 */
const ProductInput = z
  .strictObject({
    ...ProductContent.shape,
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

/** The maximum size of a product's content as JSON, in bytes. A DynamoDB item holds 400 KB. */
const maxProductBytes = 256 * 1024

/**
 * Checks the product that a writer sent, and returns its content with defaults filled in and text normalised. If the
 * product has variants, its `stock` becomes the sum of theirs.
 *
 * @returns `id` and `createdAt` as sent
 * @throws {InvalidProduct} with a pointer to each invalid field
 */
export function parseProduct(input: unknown): {
  id: string | undefined
  createdAt: string | undefined
  content: ProductContent
} {
  const { id, rating, version, createdAt, updatedAt, ...content } = validate(ProductInput, input)
  checkSize(content)
  if (content.variants.length > 0) content.stock = content.variants.reduce((sum, { stock }) => sum + stock, 0)
  return { id, createdAt, content }
}

/** Checks the size of a product. @throws {InvalidProduct} */
export function checkSize(content: ProductContent): void {
  if (Buffer.byteLength(JSON.stringify(content)) > maxProductBytes) {
    throw new InvalidProduct([
      { pointer: '', detail: `A product has at most ${maxProductBytes} bytes as JSON` },
    ])
  }
}

/**
 * Checks a product like {@link parseProduct}, for an id that is already known.
 *
 * @throws {InvalidProduct} also if the input names another id
 */
export function parseProductWithId(id: string, input: unknown): ProductContent {
  const parsed = parseProduct(input)
  if (parsed.id !== undefined && parsed.id !== id) {
    throw new InvalidProduct([{ pointer: '/id', detail: `The request is for the id ${id}` }])
  }
  return parsed.content
}
