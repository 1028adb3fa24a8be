import * as z from 'zod/mini'
import { check, count, largestCount, Money } from './product.ts'

const VariantPatch = z
  .strictObject({
    price: z.optional(Money),
    stock: z.optional(
      z.union(
        [count, z.strictObject({ add: z.int().check(z.minimum(-largestCount), z.maximum(largestCount)) })],
        'A stock is a count, or { "add": n } with a whole number n',
      ),
    ),
  })
  .check(
    z.refine(({ price, stock }) => price !== undefined || stock !== undefined, 'Send price, stock or both'),
  )

/** What a shop changes of a variant: its price, and its stock to a count or by one. */
export type VariantPatch = z.output<typeof VariantPatch>

/** @throws {InvalidProduct} with a pointer to each offending field */
export const parseVariantPatch = (input: unknown): VariantPatch => check(VariantPatch, input)
