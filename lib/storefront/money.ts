import type { Product } from '../catalog/index.ts'
import { ascii, type Html } from './html.ts'
import { locale } from './shop.ts'

type Money = Product['price']

/** Formatters by currency. One takes about 50 µs to create. */
const formats = new Map<string, { format: Intl.NumberFormat; digits: number }>()

function formatFor(currency: string) {
  const known = formats.get(currency)
  if (known) return known
  const format = new Intl.NumberFormat(locale, { style: 'currency', currency })
  const created = { format, digits: format.resolvedOptions().maximumFractionDigits ?? 2 }
  formats.set(currency, created)
  return created
}

/** Formatted prices. A shop has few different prices, and each takes a microsecond to format. */
const formatted = new Map<string, Html>()
const mostFormatted = 2_000

/** Formats a price for people: €54.90, JP¥1,200, BHD 1.250. */
export function formatPrice(money: Money): Html {
  const key = `${money.amount}${money.currency}`
  const known = formatted.get(key)
  if (known !== undefined) return known
  const text = ascii(formatFor(money.currency).format.format(toDecimal(money)))
  if (formatted.size >= mostFormatted) formatted.clear()
  formatted.set(key, text)
  return text
}

/** Formats a price for schema.org: 54.90, 1200, 1.250. */
export function toDecimal({ amount, currency }: Money): `${number}` {
  const { digits } = formatFor(currency)
  if (digits === 0) return `${amount}`
  // By text, because a binary fraction cannot represent cents exactly.
  const text = String(amount).padStart(digits + 1, '0')
  return `${text.slice(0, -digits)}.${text.slice(-digits)}` as `${number}`
}
