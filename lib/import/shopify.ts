import { InvalidProduct } from '../catalog/index.ts'
import type { CsvRecord } from './csvRecords.ts'
import { toImageUrl } from './imageUrl.ts'
import { type Currency, toMinorUnits } from './money.ts'
import { toPlainText } from './plainText.ts'

/** The columns that the import reads, by their names in Shopify's exports and in its newer template. */
const columns = {
  handle: ['Handle', 'URL handle'],
  title: ['Title'],
  body: ['Body (HTML)', 'Description'],
  vendor: ['Vendor'],
  category: ['Product Category', 'Product category', 'Standard Product Type'],
  type: ['Type', 'Custom Product Type'],
  tags: ['Tags'],
  published: ['Published', 'Published on online store'],
  status: ['Status'],
  sku: ['Variant SKU', 'SKU'],
  price: ['Variant Price', 'Price'],
  compareAt: ['Variant Compare At Price', 'Compare-at price'],
  quantity: ['Variant Inventory Qty', 'Inventory quantity'],
  image: ['Image Src', 'Product image URL'],
  position: ['Image Position', 'Image position'],
  alt: ['Image Alt Text', 'Image alt text'],
} as const

/** The shop does not sell this product at present. The catalogue has no drafts: all its products are public. */
export class NotForSale extends Error {
  override name = 'NotForSale'
}

/**
 * Converts the records of one product of a Shopify CSV to Aisle's own form. The first record holds the product; each
 * record may hold a variant and an image.
 *
 * - The lowest price of the variants is the product's price.
 * - A category's path becomes slugs, and HTML becomes plain text.
 * - Stock below zero becomes zero.
 * - A variant without a SKU gets one from the handle and its options.
 *
 * @throws {InvalidProduct} with pointers into the original records
 * @throws {NotForSale} for a draft, archived or unpublished product
 */
export function fromShopify(records: CsvRecord[], currency: Currency): object {
  const first = records[0]
  if (!first || records.some((record) => typeof record !== 'object' || record === null))
    throw new InvalidProduct([{ pointer: '', detail: 'Expected the records of one product' }])
  const status = getCell(first, 'status').toLowerCase()
  if (status === 'draft' || status === 'archived' || getCell(first, 'published').toLowerCase() === 'false')
    throw new NotForSale(status === 'draft' || status === 'archived' ? status : 'not published')
  const handle = getCell(first, 'handle')
  if (!handle) throw new InvalidProduct([{ pointer: '/0/Handle', detail: 'The product has no handle' }])
  if (!getCell(first, 'title'))
    throw new InvalidProduct([
      {
        pointer: '/0/Title',
        detail:
          'The product has no title: its first record must have one, and its records must be consecutive',
      },
    ])
  const optionNames = [1, 2, 3].map((n) => getOption(first, n, 'name'))
  const variants = records.flatMap((record, at) => toVariants(record, at, handle, optionNames, currency))
  const cheapest = variants.reduce<(typeof variants)[number] | undefined>(
    (best, each) => (best && best.price.amount <= each.price.amount ? best : each),
    undefined,
  )
  if (!cheapest)
    throw new InvalidProduct([{ pointer: '/0/Variant Price', detail: 'The product has no price' }])
  const { compareAt } = cheapest
  return {
    id: handle,
    title: getCell(first, 'title'),
    description: toPlainText(getCell(first, 'body')),
    ...(getCell(first, 'vendor') && { brand: getCell(first, 'vendor') }),
    category: toSlugs(getCell(first, 'category')) || toSlugs(getCell(first, 'type')) || 'uncategorized',
    price: cheapest.price,
    ...(compareAt && compareAt.amount > cheapest.price.amount && { compareAtPrice: compareAt }),
    variants: variants.map(({ compareAt, ...rest }) => rest),
    images: toImages(records),
    tags: getCell(first, 'tags')
      .split(',')
      .map((tag) => tag.trim())
      .filter(Boolean),
  }
}

/** Returns the variant of a record; nothing for a record that only brings a further image. */
function toVariants(record: CsvRecord, at: number, handle: string, names: string[], currency: Currency) {
  const values = names.map((_, n) => getOption(record, n + 1, 'value'))
  const [sku, price, compareAt] = [
    getCell(record, 'sku'),
    getCell(record, 'price'),
    getCell(record, 'compareAt'),
  ]
  if (!sku && !price && values.every((value) => !value)) return []
  const pointer = (field: string) => `/${at}/${field}`
  if (!price)
    throw new InvalidProduct([{ pointer: pointer('Variant Price'), detail: 'The variant has no price' }])
  const quantity = getCell(record, 'quantity') || '0'
  if (!/^-?\d{1,10}$/.test(quantity))
    throw new InvalidProduct([{ pointer: pointer('Variant Inventory Qty'), detail: 'Not a whole number' }])
  // Shopify writes this option for a product without options.
  const hasNoOptions = names[0] === 'Title' && values[0] === 'Default Title'
  const options = hasNoOptions
    ? {}
    : Object.fromEntries(
        values.flatMap((value, n) => (value ? [[names[n] || `Option ${n + 1}`, value]] : [])),
      )
  return [
    {
      sku: sku || [handle, ...Object.values(options)].join('/'),
      options,
      price: toMinorUnits(price, currency, pointer('Variant Price')),
      compareAt: compareAt
        ? toMinorUnits(compareAt, currency, pointer('Variant Compare At Price'))
        : undefined,
      stock: Math.max(0, Number(quantity)),
    },
  ]
}

function toImages(records: CsvRecord[]): { url: string; alt: string }[] {
  const found = records
    .map((record) => ({
      url: toImageUrl(getCell(record, 'image')),
      alt: getCell(record, 'alt'),
      position: getCell(record, 'position'),
    }))
    .filter(({ url }) => url)
  // The sort is stable: images without a position keep their order, after the images that have one.
  found.sort((one, other) => (Number(one.position) || Infinity) - (Number(other.position) || Infinity) || 0)
  return [...new Map(found.map(({ url, alt }) => [url, { url, alt }])).values()]
}

const getCell = (record: CsvRecord, name: keyof typeof columns): string => {
  const column = columns[name].find((each) => record[each])
  return String(column === undefined ? '' : record[column]).trim()
}

const getOption = (record: CsvRecord, n: number, what: 'name' | 'value'): string =>
  String(
    record[`Option${n} ${what === 'name' ? 'Name' : 'Value'}`] || record[`Option${n} ${what}`] || '',
  ).trim()

/** Turns `Apparel & Accessories > Shirts` into `apparel-accessories/shirts`. */
const toSlugs = (path: string): string =>
  path
    .split('>')
    .map((part) =>
      part
        .normalize('NFKD')
        .replace(/\p{M}/gu, '')
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, '-')
        .replace(/^-|-$/g, ''),
    )
    .filter(Boolean)
    .slice(0, 8)
    .join('/')
