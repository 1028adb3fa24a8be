/**
 * Names the form of a product's JSON: the names of its fields, their order and the form of their values. Raise it by
 * one with every change of that form. test/catalog/productShape.test.ts fails until you do.
 *
 * It is part of a product's `ETag`, so that no client keeps an old form for as long as the product stays unchanged. It
 * is also a part of the `schema` of every cache that shows products (../entrySchema.ts), so that no release serves the
 * form of another one from Redis.
 */
export const productShape = '1'
