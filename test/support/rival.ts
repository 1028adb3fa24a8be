import { createServer, request as send } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { productKey } from '../../lib/catalog/table.ts'

/**
 * A way to DynamoDB on which somebody else writes one product each time just before it is written, so that its version
 * is always another one than its writer saw.
 */
export async function startRival(db: DynamoDBDocumentClient, table: string, endpoint: string, id: string) {
  const server = createServer(async (incoming, outgoing) => {
    const body = await buffer(incoming)
    const writes = /\.PutItem$/.test(String(incoming.headers['x-amz-target']))
    if (writes && body.includes(`"PRODUCT#${id}"`)) {
      await db.send(
        new UpdateCommand({
          TableName: table,
          Key: productKey(id),
          UpdateExpression: 'SET version = version + :one',
          ExpressionAttributeValues: { ':one': 1 },
        }),
      )
    }
    const { method, headers } = incoming
    const onward = send(endpoint, { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(outgoing)
    })
    onward.on('error', () => outgoing.destroy())
    onward.end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** Nobody answers there any more. */
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}
