import type * as z from 'zod/mini'

type Issue = z.core.$ZodRawIssue

/** The longest name of a value in a message, characters. A longer one contains keys that the writer chose. */
const maxName = 80

/** The largest amount of money, in the smallest unit of its currency. */
export const maxAmount = 1_000_000_000_000

/** Says what is wrong with a value, by its name in the input: `` `price` is missing ``, `` `title` must be text, not a number ``. */
export function describeIssue(issue: Issue): string {
  const name = nameOf(issue.path ?? [])
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined
        ? `${name} is missing`
        : `${name} must be ${types[issue.expected] ?? issue.expected}, not ${describeValue(issue.input, issue.expected)}`
    case 'too_small':
      return `${name} ${withLimit(issue.origin, 'at least', issue.minimum)}`
    case 'too_big':
      return `${name} ${withLimit(issue.origin, 'at most', issue.maximum)}`
    case 'invalid_format':
      return issue.format === 'datetime'
        ? `${name} must be a time in UTC such as 2026-01-31T12:00:00Z`
        : `${name} has the wrong form`
    case 'invalid_key':
      // The other rules of a name have messages of their own.
      return (
        issue.issues.findLast(({ code }) => code === 'custom')?.message ??
        'The name of an option or attribute must have 1 to 100 characters'
      )
    default:
      return `${name} is not valid`
  }
}

/**
 * Says what an amount of money is, by the currency next to it: 999 for 9.99 in EUR. Writers send decimals more often
 * than any other mistake.
 *
 * @param input the whole input
 * @returns undefined if the issue is not about the type of an amount
 */
export function describeAmount(issue: Issue, input: unknown): string | undefined {
  const { path = [], input: value } = issue
  if (issue.code !== 'invalid_type' || path.at(-1) !== 'amount' || value === undefined) return undefined
  // An option of the name `amount` is text.
  if (issue.expected !== 'int' && issue.expected !== 'number') return undefined
  const money = path
    .slice(0, -1)
    .reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown>)?.[key], input)
  const { currency } = money as { currency?: unknown }
  const name = nameOf(path)
  const notThis = typeof value === 'number' ? '' : `, not ${describeValue(value, 'int')}`
  if (typeof currency !== 'string' || !/^[A-Z]{3}$/.test(currency))
    return `${name} is a whole number in the smallest unit of the currency${notThis}: 999 for 9.99 EUR`
  const digits = digitsOf(currency)
  if (digits === 0) return `${name} is a whole number of ${currency}${notThis || ', which has no decimals'}`
  const unit = centCurrencies.includes(currency) ? `cents (${currency})` : `the smallest unit of ${currency}`
  return `${name} is a whole number of ${unit}${notThis}: ${exampleOf(value, digits)}`
}

/** Returns the number to send for a value, such as `1050 for 10.5`, or one for 9.99 if an amount cannot be that value. */
function exampleOf(value: unknown, digits: number): string {
  const [, whole = '', fraction = ''] = /^(\d{1,12})\.(\d+)$/.exec(String(value)) ?? []
  const amount = Number(whole + fraction.padEnd(digits, '0'))
  return typeof value === 'number' && whole !== '' && fraction.length <= digits && amount <= maxAmount
    ? `${amount} for ${value}`
    : `${'999'.padEnd(digits + 1, '0')} for 9.99`
}

/** Currencies of which a hundredth is a cent. */
const centCurrencies = ['AUD', 'CAD', 'EUR', 'HKD', 'NZD', 'SGD', 'USD', 'ZAR']

/** Returns how many decimals a currency has: 2 for EUR, 0 for JPY. Any three letters pass for a currency, with 2. */
const digitsOf = (currency: string): number =>
  new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2

/** Returns the name of a value in messages, such as `` `variants[0].price` ``. */
function nameOf(path: readonly PropertyKey[]): string {
  if (path.length === 0) return 'The body'
  const name = path
    .map((part, at) => (typeof part === 'number' ? `[${part}]` : `${at > 0 ? '.' : ''}${String(part)}`))
    .join('')
  return name.length > maxName ? 'The value' : `\`${name}\``
}

/** What each type that the schemas expect is called. */
const types: Record<string, string> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'an object',
  record: 'an object',
  array: 'a list',
}

function describeValue(value: unknown, expected: string): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (expected === 'int' && typeof value === 'number') return String(value)
  return types[typeof value] ?? typeof value
}

/** Texts and lists have a length, numbers a value. */
function withLimit(origin: string, bound: string, limit: number | bigint): string {
  const unit = { string: 'character', array: 'item' }[origin]
  return unit === undefined
    ? `must be ${bound} ${limit}`
    : `must have ${bound} ${limit} ${unit}${limit === 1 ? '' : 's'}`
}
