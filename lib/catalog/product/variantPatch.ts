import * as z from 'zod/mini'
import { validate } from '../validation.ts'
import { count, Money, maxStock } from './product.ts'

const VariantPatch = z
  .strictObject({
    price: z.optional(Money),
    stock: z.optional(
      z.union(
        [count, z.strictObject({ add: z.int().check(z.minimum(-maxStock), z.maximum(maxStock)) })],
        'A stock is a count, or { "add": n } with a whole number n',
      ),
    ),
  })
  .check(
    z.refine(({ price, stock }) => price !== undefined || stock !== undefined, 'Send price, stock or both'),
  )

/** A change to a variant: its price, and its stock, which is set (a number) or added to (`add`). */
export type VariantPatch = z.output<typeof VariantPatch>

/**
 * Checks a change to a variant.
 *
 * @throws {InvalidProduct} with a pointer to each invalid field
 */
export const parseVariantPatch = (input: unknown): VariantPatch => validate(VariantPatch, input)
