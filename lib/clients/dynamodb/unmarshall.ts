import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import { NumberValueImpl as NumberValue, unmarshall } from '@aws-sdk/util-dynamodb'

export { NumberValue }

/**
 * A number that JavaScript would change becomes a NumberValue, which holds its digits: DynamoDB stores 38 digits, and a
 * double has 15 to 17. Without this option the SDK returns a BigInt, which JSON does not have, or throws, and with it
 * the whole response that contains the number. Or it rounds: then a condition on the number never holds.
 */
export const unmarshallOptions = {
  wrapNumbers(digits: string): number | NumberValue {
    const number = Number(digits)
    const isKept = Math.abs(number) <= Number.MAX_SAFE_INTEGER && isSameNumber(digits, number)
    return isKept ? number : NumberValue.from(digits)
  },
}

/** Whether the digits name exactly this number. The texts mostly are the same. */
const isSameNumber = (digits: string, number: number): boolean =>
  digits === String(number) || toScientific(digits) === toScientific(String(number))

/** Returns a number as digits without zeros around them, and the exponent of the last digit. Leaves the sign out. */
function toScientific(text: string): string {
  const [mantissa = '', exponent = '0'] = text.toLowerCase().split('e')
  const [whole = '', fraction = ''] = mantissa.replace(/^[+-]/, '').split('.')
  const all = (whole + fraction).replace(/^0+/, '')
  const digits = all.replace(/0+$/, '')
  return digits && `${digits}e${Number(exponent) - fraction.length + all.length - digits.length}`
}

/**
 * Converts an item that arrives outside a response of the document client, for example in an error or a stream record.
 */
export const unmarshallItem = (item: Record<string, AttributeValue>): Record<string, unknown> =>
  // The document client sets convertWithoutMapWrapper in the object that it receives.
  unmarshall(item, { ...unmarshallOptions, convertWithoutMapWrapper: false })
