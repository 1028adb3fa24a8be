import { type AttributeValue, DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb'
import { localClientConfig } from '../../lib/local/servers/client.ts'
import { testDynamodbEndpoint } from './dynamodb.ts'

export type Row = Record<string, AttributeValue>

const money = (amount: string, currency = 'EUR'): AttributeValue => ({
  M: { amount: { N: amount }, currency: { S: currency } },
})

/** The smallest row of a product: every field that has a default is missing. */
export const smallestRow = (id: string, category = 'rows', second = 0): Row => {
  const at = `2026-01-01T00:00:${String(second).padStart(2, '0')}.000Z`
  return {
    ...{ pk: { S: `PRODUCT#${id}` }, sk: { S: 'PRODUCT' } },
    ...{ title: { S: `Row ${id}` }, category: { S: category }, price: money('100') },
    ...{ version: { N: '7' }, createdAt: { S: at }, updatedAt: { S: at }, listedAt: { S: `${at}#${id}` } },
  }
}

const image = (alt: AttributeValue, more: Row = {}): AttributeValue => ({
  L: [{ M: { url: { S: '/pictures/x.svg' }, alt, ...more } }],
})
const variant = (more: Row): AttributeValue => ({
  L: [{ M: { sku: { S: 'S' }, options: { M: {} }, price: money('100'), stock: { N: '1' }, ...more } }],
})

/**
 * What other programs write, that no JSON of a product can show: the attributes that differ from {@link smallestRow}.
 */
export const unreadableRows: Record<string, Partial<Row>> = {
  'a whole number above 2^53 in its attributes': { attributes: { M: { ean: { N: '9007199254740993' } } } },
  'a fraction above 2^53 in its attributes': { attributes: { M: { mass: { N: '90071992547409930.5' } } } },
  'a number above 2^53 as its price': { price: money('9007199254740993') },
  'a number above 2^53 as its version': { version: { N: '9007199254740993' } },
  'a text as its version': { version: { S: '7' } },
  'a fraction as its version': { version: { N: '7.5' } },
  'a version that a double rounds to a whole number': {
    version: { N: '7.0000000000000000000000000000000000001' },
  },
  'a version with more digits than a double': { version: { N: '1732546800.12345678901234' } },
  'a version above which none can be stored': { version: { N: '9007199254740991' } },
  'a Number Set as its version': { version: { NS: ['1', '9007199254740993'] } },
  'a map as its version': { version: { M: { of: { N: '9007199254740993' } } } },
  'a number with more digits than a double in its attributes': {
    attributes: { M: { ratio: { N: '0.3333333333333333333333333333' } } },
  },
  'a String Set as its tags': { tags: { SS: ['a', 'b'] } },
  'a binary value in its attributes': { attributes: { M: { hash: { B: Buffer.from('hello') } } } },
  'a set inside a list of maps': { images: image({ S: '' }, { sizes: { NS: ['1', '2'] } }) },
  'a number as the text of an image': { images: image({ N: '1' }) },
  'a set inside a variant': { variants: variant({ options: { M: { size: { SS: ['S'] } } } }) },
  'a number above 2^53 as the stock of a variant': {
    variants: variant({ stock: { N: '9007199254740993' } }),
  },
  'a map as its variants': { variants: { M: {} } },
  'a text as its stock': { stock: { S: '5' } },
  'a number as its brand': { brand: { N: '5' } },
  'a currency that does not exist': { price: money('100', 'euro') },
  'no title': { title: undefined },
  'no price': { price: undefined },
  'no version': { version: undefined },
  'no creation time': { createdAt: undefined },
  'a creation time that is none': { createdAt: { S: 'yesterday' } },
}

/** Connects a client that writes and reads rows as they are, as another program does. */
export function foreignRows(table: string) {
  const client = new DynamoDBClient(localClientConfig(testDynamodbEndpoint()))
  return {
    async put(row: Row, changes: Partial<Row> = {}): Promise<void> {
      const all = Object.entries({ ...row, ...changes }).flatMap(([name, value]) =>
        value ? [[name, value] as const] : [],
      )
      await client.send(new PutItemCommand({ TableName: table, Item: Object.fromEntries(all) }))
    },
    async get(id: string, sk = 'PRODUCT'): Promise<Row | undefined> {
      const Key = { pk: { S: `PRODUCT#${id}` }, sk: { S: sk } }
      const { Item } = await client.send(new GetItemCommand({ TableName: table, Key, ConsistentRead: true }))
      return Item
    },
  }
}
