import * as fc from 'fast-check'
import { anyJson, anyKey } from './anyJson.ts'
import { aProduct } from './http.ts'

/** A product with every field that a client can send. */
const fullProduct = {
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

/** Valid bodies of each write, by the name of its function. */
const bodies: Record<string, object[]> = {
  postProduct: [fullProduct, { ...fullProduct, id: 'a' }],
  putProduct: [fullProduct],
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

/** A valid body of a write with one value changed, added or removed. */
export const mutatedBody = (id: string): fc.Arbitrary<string> =>
  fc
    .constantFrom(...bodiesFor(id))
    .chain((body) => {
      const path = fc.constantFrom(...pathsIn(body))
      return fc.oneof(
        fc.tuple(path, anyJson).map(([at, value]) => withValueAt(body, at, value)),
        fc.tuple(path, anyKey, anyJson).map(([at, key, value]) => withValueAt(body, [...at, key], value)),
        path.map((at) => withValueAt(body, at, undefined)),
      )
    })
    .map((body) => JSON.stringify(body) ?? '')

/** A valid body of a write. */
export const validBody = (id: string): fc.Arbitrary<string> =>
  fc.constantFrom(...bodiesFor(id)).map((body) => JSON.stringify(body))

const invalidValues = [
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

/** Returns the valid bodies of a write, with each invalid value in each position and with unknown keys added. */
export const invalidBodies = (id: string): string[] =>
  bodiesFor(id)
    .flatMap((body) =>
      pathsIn(body).flatMap((at) => [
        ...invalidValues.map((value) => withValueAt(body, at, value)),
        ...['colour', '__proto__', 'constructor'].map((key) => withValueAt(body, [...at, key], null)),
      ]),
    )
    .map((body) => JSON.stringify(body) ?? '')

const bodiesFor = (id: string): object[] => bodies[id] ?? [{}]

/** The keys that lead to a position in a value. */
type Path = string[]

const pathsIn = (value: unknown, at: Path = []): Path[] =>
  typeof value === 'object' && value !== null
    ? [at, ...Object.entries(value).flatMap(([key, part]) => pathsIn(part, [...at, key]))]
    : [at]

/** Returns a copy of `value` with `other` at a path. An undefined `other` removes the position. */
function withValueAt(value: unknown, [key, ...rest]: Path, other: unknown): unknown {
  if (key === undefined) return other
  if (typeof value !== 'object' || value === null) return other
  if (Array.isArray(value))
    return value.map((part, index) => (String(index) === key ? withValueAt(part, rest, other) : part))
  const otherEntries = Object.entries(value).filter(([name]) => name !== key)
  const part = Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined
  const changed = withValueAt(part, rest, other)
  return Object.fromEntries(changed === undefined ? otherEntries : [...otherEntries, [key, changed]])
}
