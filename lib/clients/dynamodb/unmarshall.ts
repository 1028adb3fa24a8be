import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import { NumberValueImpl as NumberValue, unmarshall } from '@aws-sdk/util-dynamodb'

/**
 * A number that JavaScript cannot represent becomes a NumberValue, which holds its digits. Without this option the SDK
 * returns a BigInt, which JSON does not have, or throws, and with it the whole response that contains the number.
 */
export const unmarshallOptions = {
  wrapNumbers(digits: string): number | NumberValue {
    const number = Number(digits)
    return Math.abs(number) <= Number.MAX_SAFE_INTEGER ? number : NumberValue.from(digits)
  },
}

/**
 * Converts an item that arrives outside a response of the document client, for example in an error or a stream record.
 */
export const unmarshallItem = (item: Record<string, AttributeValue>): Record<string, unknown> =>
  // The document client sets convertWithoutMapWrapper in the object that it receives.
  unmarshall(item, { ...unmarshallOptions, convertWithoutMapWrapper: false })
