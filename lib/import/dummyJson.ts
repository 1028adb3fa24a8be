import * as z from 'zod/mini'
import { InvalidProduct } from '../catalog/index.ts'
import { toFaults } from '../catalog/writes.ts'
import { toImageUrl } from './imageUrl.ts'
import { type Currency, toMinorUnits } from './money.ts'

const text = z.optional(z.string())
const number = z.optional(z.number())

const DummyProduct = z.strictObject({
  id: z.union([z.int(), z.string()]),
  title: z.string(),
  description: text,
  category: z.string(),
  price: z.number(),
  discountPercentage: number,
  rating: number,
  stock: number,
  tags: z.optional(z.array(z.string())),
  brand: text,
  sku: text,
  weight: number,
  dimensions: z.optional(z.strictObject({ width: number, height: number, depth: number })),
  warrantyInformation: text,
  shippingInformation: text,
  availabilityStatus: text,
  reviews: z.optional(
    z.array(
      z.strictObject({
        rating: z.number(),
        comment: z.string(),
        date: z.string(),
        reviewerName: z.string(),
        reviewerEmail: text,
      }),
    ),
  ),
  returnPolicy: text,
  minimumOrderQuantity: number,
  meta: z.optional(z.strictObject({ createdAt: text, updatedAt: text, barcode: text, qrCode: text })),
  images: z.optional(z.array(z.string())),
  thumbnail: text,
})

/** Whether a row is a DummyJSON product: its id is a number, or its price is a decimal. */
export const isDummyJson = (row: object): boolean =>
  ('price' in row && typeof row.price === 'number') || ('id' in row && typeof row.id === 'number')

/**
 * Converts a DummyJSON product to Aisle's own form. Fields without an equivalent become attributes. Drops e-mail
 * addresses, which are personal data, and the fields that follow from others: `rating`, `availabilityStatus`,
 * `thumbnail`, `meta.updatedAt` and `meta.qrCode`.
 *
 * @throws {InvalidProduct} with pointers into the original row
 */
export function fromDummyJson(row: object, currency: Currency): object {
  const parsed = DummyProduct.safeParse(row)
  if (!parsed.success) throw new InvalidProduct(parsed.error.issues.flatMap(toFaults))
  const { id, title, description, category, brand, sku, stock, tags, images, meta, reviews, ...rest } =
    parsed.data
  const price = toMinorUnits(String(rest.price), currency, '/price')
  return {
    id: String(id),
    title,
    category,
    price,
    ...withoutUndefined({ description, brand, stock, tags, createdAt: meta?.createdAt }),
    ...(sku !== undefined && { variants: [{ sku, options: {}, price, ...withoutUndefined({ stock }) }] }),
    ...(images && { images: images.map((url) => ({ url: toImageUrl(url) })) }),
    attributes: withoutUndefined({
      weight: rest.weight,
      width: rest.dimensions?.width,
      height: rest.dimensions?.height,
      depth: rest.dimensions?.depth,
      discountPercentage: rest.discountPercentage,
      warranty: rest.warrantyInformation,
      shipping: rest.shippingInformation,
      returnPolicy: rest.returnPolicy,
      minimumOrderQuantity: rest.minimumOrderQuantity,
      barcode: meta?.barcode,
    }),
    reviews: (reviews ?? []).map(({ rating, comment, date, reviewerName }) => ({
      rating,
      body: comment,
      author: reviewerName,
      createdAt: date,
    })),
  }
}

const withoutUndefined = (fields: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
