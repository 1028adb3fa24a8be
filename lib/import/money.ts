import { InvalidProduct } from '../catalog/index.ts'

/** A currency that prices without one are taken to be in. */
export interface Currency {
  code: string
  /** Digits after the decimal point: 2 for EUR, 0 for JPY, 3 for KWD. */
  digits: number
}

/** @throws {RangeError} when no such currency is known */
export function currency(code: string): Currency {
  if (!Intl.supportedValuesOf('currency').includes(code))
    throw new RangeError(`"${code}" is no currency: expected a code of ISO 4217 such as EUR`)
  const { maximumFractionDigits } = new Intl.NumberFormat('en', {
    style: 'currency',
    currency: code,
  }).resolvedOptions()
  return { code, digits: maximumFractionDigits ?? 2 }
}

/**
 * A decimal amount in minor units, exactly: never through binary fractions.
 *
 * @throws {InvalidProduct} at `pointer`, for text that is no amount or has more digits than the currency
 */
export function toMinorUnits(decimal: string, { code, digits }: Currency, pointer: string) {
  const [, whole, fraction = ''] = /^(\d{1,15})(?:\.(\d+))?$/.exec(decimal) ?? []
  if (whole === undefined)
    throw new InvalidProduct([{ pointer, detail: `"${decimal.slice(0, 40)}" is not an amount such as 9.99` }])
  const rest = fraction.replace(/0+$/, '')
  if (rest.length > digits)
    throw new InvalidProduct([
      {
        pointer,
        detail: `${decimal.slice(0, 40)} has more than ${digits} decimals, ${code} has no such amounts`,
      },
    ])
  return { amount: Number(whole + rest.padEnd(digits, '0')), currency: code }
}
