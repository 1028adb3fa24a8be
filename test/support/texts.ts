import {
  BatchGetCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb'
import type { Loaded } from '../../lib/cacheAside/index.ts'

export type Text = { text: string }

/**
 * Texts in a DynamoDB table, for processes that a test starts. Each write increments the version of its id.
 *
 * @param prefix separates the users of the same table
 */
export function textsIn(db: DynamoDBDocumentClient, table: string, prefix = '') {
  const keyOf = (id: string) => ({ pk: `${prefix}${id}`, sk: 'TEXT' })
  const loaded = (item: Record<string, unknown> | undefined): Loaded<Text> =>
    item && {
      value: typeof item.text === 'string' ? { text: item.text } : undefined,
      version: Number(item.version),
    }
  return {
    async read(id: string, abortSignal: AbortSignal): Promise<Loaded<Text>> {
      const command = new GetCommand({ TableName: table, Key: keyOf(id), ConsistentRead: true })
      return loaded((await db.send(command, { abortSignal })).Item)
    },
    async readMany(ids: string[], abortSignal: AbortSignal): Promise<Map<string, Loaded<Text>>> {
      const Keys = ids.map(keyOf)
      const command = new BatchGetCommand({ RequestItems: { [table]: { Keys, ConsistentRead: true } } })
      const { Responses, UnprocessedKeys } = await db.send(command, { abortSignal })
      if (UnprocessedKeys?.[table]) throw new Error('DynamoDB left keys unread')
      return new Map(Responses?.[table]?.map((item) => [item.pk.slice(prefix.length), loaded(item)]))
    },
    /** @param text null deletes the text and keeps the version */
    async write(
      id: string,
      text: string | null,
    ): Promise<{ value: { text: string } | undefined; version: number }> {
      const { Attributes } = await db.send(
        new UpdateCommand({
          TableName: table,
          Key: keyOf(id),
          UpdateExpression: `${text === null ? 'REMOVE #text' : 'SET #text = :text'} ADD version :one`,
          ExpressionAttributeNames: { '#text': 'text' },
          ExpressionAttributeValues: { ...(text !== null && { ':text': text }), ':one': 1 },
          ReturnValues: 'ALL_NEW',
        }),
      )
      return { value: text === null ? undefined : { text }, version: Number(Attributes?.version) }
    },
  }
}
