import * as fc from 'fast-check'
import { anyJson, anyKey } from './anyJson.ts'
import { aProduct } from './http.ts'

/** A product that can be put. */
const aWholeProduct = {
  ...aProduct,
  brand: 'Kestrel',
  description: 'Makes coffee.\nOn a stove.',
  compareAtPrice: { amount: 3900, currency: 'EUR' },
  variants: [
    { sku: 'S', options: { cups: '3' }, price: aProduct.price, stock: 3 },
    { sku: 'M/L é', options: {}, price: aProduct.price, stock: 5 },
  ],
  images: [{ url: 'https://images.example/a.jpg', alt: 'A pot' }],
  tags: ['coffee', 'stove'],
  attributes: { induction: true, weight: 610, colour: 'red' },
}

/** What each write wants to be sent. */
const bodies: Record<string, object[]> = {
  postProduct: [aWholeProduct, { ...aWholeProduct, id: 'a' }],
  putProduct: [aWholeProduct],
  patchProduct: [
    { title: 'x', brand: null, attributes: { colour: null, a: 1 } },
    { variants: [], stock: 3 },
  ],
  patchVariant: [{ stock: { add: -1 } }, { stock: 4, price: aProduct.price }, { stock: { add: 1 } }],
  postReview: [
    { rating: 5, title: 'Good', body: 'Good.', author: 'Ann' },
    { parentId: 'a', body: 'Why?', author: 'Ann' },
  ],
}

/** What a write wants, with one thing in it changed, added or taken away. */
export const almostBody = (id: string): fc.Arbitrary<string> =>
  fc
    .constantFrom(...bodiesOf(id))
    .chain((body) => {
      const place = fc.constantFrom(...placesIn(body))
      return fc.oneof(
        fc.tuple(place, anyJson).map(([at, value]) => changed(body, at, value)),
        fc.tuple(place, anyKey, anyJson).map(([at, key, value]) => changed(body, [...at, key], value)),
        place.map((at) => changed(body, at, undefined)),
      )
    })
    .map((body) => JSON.stringify(body) ?? '')

/** What a write wants. */
export const rightBody = (id: string): fc.Arbitrary<string> =>
  fc.constantFrom(...bodiesOf(id)).map((body) => JSON.stringify(body))

const wrong = [
  undefined,
  null,
  true,
  -1,
  0.5,
  1e300,
  '',
  ' ',
  'a\0b',
  '\ud800',
  'x'.repeat(400),
  [],
  [[]],
  {},
]

/** What a write wants, with each of some wrong values in each place, and with each of some keys added. */
export const wrongBodies = (id: string): string[] =>
  bodiesOf(id)
    .flatMap((body) =>
      placesIn(body).flatMap((at) => [
        ...wrong.map((value) => changed(body, at, value)),
        ...['colour', '__proto__', 'constructor'].map((key) => changed(body, [...at, key], null)),
      ]),
    )
    .map((body) => JSON.stringify(body) ?? '')

const bodiesOf = (id: string): object[] => bodies[id] ?? [{}]

/** Where something stands in a value: the keys that lead there. */
type Place = string[]

const placesIn = (value: unknown, at: Place = []): Place[] =>
  typeof value === 'object' && value !== null
    ? [at, ...Object.entries(value).flatMap(([key, part]) => placesIn(part, [...at, key]))]
    : [at]

/** A copy with something else at a place; undefined: without it. */
function changed(value: unknown, [key, ...rest]: Place, other: unknown): unknown {
  if (key === undefined) return other
  if (typeof value !== 'object' || value === null) return other
  if (Array.isArray(value))
    return value.map((part, at) => (String(at) === key ? changed(part, rest, other) : part))
  const left = Object.entries(value).filter(([name]) => name !== key)
  const part = Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined
  const made = changed(part, rest, other)
  return Object.fromEntries(made === undefined ? left : [...left, [key, made]])
}
