import { InvalidProduct } from '../catalog/index.ts'
import type { CsvRecord } from './csvRecords.ts'
import { imageUrl } from './imageUrl.ts'
import { type Currency, toMinorUnits } from './money.ts'
import { plainText } from './plainText.ts'

/** The columns that are read, under the names of Shopify's exports and of its newer template. */
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

/** A product that the shop does not sell at present: the catalog knows no drafts, everything in it is public. */
export class NotForSale extends Error {
  override name = 'NotForSale'
}

/**
 * The records of one product of a Shopify CSV as Aisle's own input. The first holds the product, each may hold a
 * variant and an image. The product's price is the lowest of its variants', a category's path becomes slugs, HTML text,
 * stock below zero zero; a variant without an SKU gets one made from the handle and its options.
 *
 * @throws {InvalidProduct} with pointers into the records as they came
 * @throws {NotForSale} for a draft, an archived or an unpublished product
 */
export function fromShopify(records: CsvRecord[], currency: Currency): object {
  const first = records[0]
  if (!first || records.some((record) => typeof record !== 'object' || record === null))
    throw new InvalidProduct([{ pointer: '', detail: 'Expected the records of one product' }])
  const status = cell(first, 'status').toLowerCase()
  if (status === 'draft' || status === 'archived' || cell(first, 'published').toLowerCase() === 'false')
    throw new NotForSale(status === 'draft' || status === 'archived' ? status : 'not published')
  const handle = cell(first, 'handle')
  if (!handle) throw new InvalidProduct([{ pointer: '/0/Handle', detail: 'The product has no handle' }])
  if (!cell(first, 'title'))
    throw new InvalidProduct([
      {
        pointer: '/0/Title',
        detail: 'No title: the records of a product follow each other, the first with its title',
      },
    ])
  const optionNames = [1, 2, 3].map((n) => option(first, n, 'name'))
  const variants = records.flatMap((record, at) => variant(record, at, handle, optionNames, currency))
  const cheapest = variants.reduce<(typeof variants)[number] | undefined>(
    (best, each) => (best && best.price.amount <= each.price.amount ? best : each),
    undefined,
  )
  if (!cheapest)
    throw new InvalidProduct([{ pointer: '/0/Variant Price', detail: 'The product has no price' }])
  const { compareAt } = cheapest
  return {
    id: handle,
    title: cell(first, 'title'),
    description: plainText(cell(first, 'body')),
    ...(cell(first, 'vendor') && { brand: cell(first, 'vendor') }),
    category: slugs(cell(first, 'category')) || slugs(cell(first, 'type')) || 'uncategorized',
    price: cheapest.price,
    ...(compareAt && compareAt.amount > cheapest.price.amount && { compareAtPrice: compareAt }),
    variants: variants.map(({ compareAt, ...rest }) => rest),
    images: images(records),
    tags: cell(first, 'tags')
      .split(',')
      .map((tag) => tag.trim())
      .filter(Boolean),
  }
}

function variant(record: CsvRecord, at: number, handle: string, names: string[], currency: Currency) {
  const values = names.map((_, n) => option(record, n + 1, 'value'))
  const [sku, price, compareAt] = [cell(record, 'sku'), cell(record, 'price'), cell(record, 'compareAt')]
  // A record with none of them only brings a further image.
  if (!sku && !price && values.every((value) => !value)) return []
  const pointer = (field: string) => `/${at}/${field}`
  if (!price)
    throw new InvalidProduct([{ pointer: pointer('Variant Price'), detail: 'The variant has no price' }])
  const quantity = cell(record, 'quantity') || '0'
  if (!/^-?\d{1,10}$/.test(quantity))
    throw new InvalidProduct([{ pointer: pointer('Variant Inventory Qty'), detail: 'Not a whole number' }])
  // Shopify's way of saying that a product has no options.
  const plain = names[0] === 'Title' && values[0] === 'Default Title'
  const options = plain
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

function images(records: CsvRecord[]): { url: string; alt: string }[] {
  const found = records
    .map((record) => ({
      url: imageUrl(cell(record, 'image')),
      alt: cell(record, 'alt'),
      position: cell(record, 'position'),
    }))
    .filter(({ url }) => url)
  // A stable sort: images without a position stay where they are, behind those that have one.
  found.sort((one, other) => (Number(one.position) || Infinity) - (Number(other.position) || Infinity) || 0)
  return [...new Map(found.map(({ url, alt }) => [url, { url, alt }])).values()]
}

const cell = (record: CsvRecord, name: keyof typeof columns): string => {
  const column = columns[name].find((each) => record[each])
  return String(column === undefined ? '' : record[column]).trim()
}

const option = (record: CsvRecord, n: number, what: 'name' | 'value'): string =>
  String(
    record[`Option${n} ${what === 'name' ? 'Name' : 'Value'}`] || record[`Option${n} ${what}`] || '',
  ).trim()

/** `Apparel & Accessories > Shirts` as `apparel-accessories/shirts`. */
const slugs = (path: string): string =>
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
