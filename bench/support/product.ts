/** Returns a product whose JSON text has exactly `bytes` bytes, at least 1,300. All characters are ASCII. */
export function productOf(id: string, bytes = 2_500) {
  const product = {
    id,
    title: `Enamel mug, a third of a litre, number ${id}`,
    description: '',
    brand: 'Hearth',
    category: 'kitchen/mugs',
    price: { amount: 1290, currency: 'EUR' },
    variants: ['white', 'blue', 'green', 'red'].map((colour, at) => ({
      sku: `MUG-${id}-${at}`,
      options: { Colour: colour, Size: '0.33 l' },
      price: { amount: 1290 + 50 * at, currency: 'EUR' },
      stock: 7 * at + 3,
    })),
    images: [1, 2, 3].map((n) => ({
      url: `https://images.example/mugs/${id}/${n}.webp`,
      alt: `Side ${n} of the mug`,
    })),
    tags: ['enamel', 'mug', 'dishwasher', 'outdoor'],
    attributes: { weight: 310, dishwasher: true, microwave: false, material: 'steel' },
    rating: { average: 4.4, count: 128 },
    version: 1,
  }
  const missing = bytes - JSON.stringify(product).length
  product.description = sentence.repeat(Math.ceil(missing / sentence.length)).slice(0, missing)
  return product
}

const sentence =
  'Holds a third of a litre, keeps its colour in the dishwasher and survives a fall from the table. '
