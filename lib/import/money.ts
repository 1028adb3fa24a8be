import { InvalidProduct } from '../catalog/index.ts'

/** The currency of prices that name none. */
export interface Currency {
  code: string
  /** The number of digits after the decimal point: 2 for EUR, 0 for JPY, 3 for KWD. */
  digits: number
}

/**
 * Looks up a currency by its ISO 4217 code.
 *
 * @throws {RangeError} if there is no currency with this code
 */
export function parseCurrency(code: string): Currency {
  if (!Intl.supportedValuesOf('currency').includes(code))
    throw new RangeError(`"${code}" is not a currency: use an ISO 4217 code such as EUR`)
  const { maximumFractionDigits } = new Intl.NumberFormat('en', {
    style: 'currency',
    currency: code,
  }).resolvedOptions()
  return { code, digits: maximumFractionDigits ?? 2 }
}

/**
 * Converts a decimal amount to minor units. The result is exact: no step uses binary fractions.
 *
 * @throws {InvalidProduct} at `pointer` if the text is not an amount, or has more digits than the currency
 */
export function toMinorUnits(decimal: string, { code, digits }: Currency, pointer: string) {
  const [, whole, fraction = ''] = /^(\d{1,15})(?:\.(\d+))?$/.exec(decimal) ?? []
  if (whole === undefined)
    throw new InvalidProduct([{ pointer, detail: `"${decimal.slice(0, 40)}" is not an amount such as 9.99` }])
  const rest = fraction.replace(/0+$/, '')
  if (rest.length > digits)
    throw new InvalidProduct([
      { pointer, detail: `${decimal.slice(0, 40)} has more than the ${digits} decimals of ${code}` },
    ])
  return { amount: Number(whole + rest.padEnd(digits, '0')), currency: code }
}
