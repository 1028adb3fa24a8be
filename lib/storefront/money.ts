import type { Product } from '../catalog/index.ts'
import { ascii, type Html } from './html.ts'
import { locale } from './shop.ts'

type Money = Product['price']

/** A formatter takes some 50 us to make, and a price some tenth of one to write. */
const formats = new Map<string, { format: Intl.NumberFormat; digits: number }>()

function formatOf(currency: string) {
  const known = formats.get(currency)
  if (known) return known
  const format = new Intl.NumberFormat(locale, { style: 'currency', currency })
  const made = { format, digits: format.resolvedOptions().maximumFractionDigits ?? 2 }
  formats.set(currency, made)
  return made
}

/** Prices that were written before: those of a shop are few, and each takes a microsecond. */
const written = new Map<string, Html>()
const mostWritten = 2_000

/** A price as people read it: €54.90, JP¥1,200, BHD 1.250. */
export function priceText(money: Money): Html {
  const key = `${money.amount}${money.currency}`
  const known = written.get(key)
  if (known !== undefined) return known
  const text = ascii(formatOf(money.currency).format.format(decimal(money)))
  if (written.size >= mostWritten) written.clear()
  written.set(key, text)
  return text
}

/** A price as schema.org wants it: 54.90, 1200, 1.250. */
export function decimal({ amount, currency }: Money): `${number}` {
  const { digits } = formatOf(currency)
  if (digits === 0) return `${amount}`
  // Put together as text: a binary fraction has no cents.
  const text = String(amount).padStart(digits + 1, '0')
  return `${text.slice(0, -digits)}.${text.slice(-digits)}` as `${number}`
}
