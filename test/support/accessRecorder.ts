import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

/** What IAM checks for one item of a request: the action, the table or index, and the partition key. */
export interface Access {
  action: string
  table: string
  index?: string | undefined
  key?: string | undefined
}

/** Starts a proxy to DynamoDB that records what IAM would check for each request. */
export async function startAccessRecorder(endpoint: string) {
  let recorded: Access[] = []
  const server = createServer(async (request, response) => {
    try {
      const body = await text(request)
      const [, operation = ''] = String(request.headers['x-amz-target']).split('.')
      recorded.push(...accessesOf(operation, JSON.parse(body)))
      const { host: _, connection: __, ...headers } = request.headers
      const answer = await fetch(endpoint, {
        ...{ method: 'POST', body, headers: headers as Record<string, string> },
        signal: AbortSignal.timeout(10_000),
      })
      const { status } = answer
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' }).end(await answer.text())
    } catch (error) {
      response.writeHead(500).end(String(error))
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** Returns what was recorded since the last call. */
    take() {
      const taken = recorded
      recorded = []
      return taken
    },
    stop: () => server.close().closeAllConnections(),
  }
}

interface Item {
  TableName: string
  IndexName?: string
  Key?: Attributes
  Item?: Attributes
}
type Attributes = Record<string, { S?: string }>
type Input = Item & {
  RequestItems?: Record<string, { Keys: Attributes[] }>
  TransactItems?: Record<string, Item>[]
}

/** Returns the actions of a request: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html */
function accessesOf(operation: string, input: Input): Access[] {
  const access = (action: string, { TableName, IndexName, Key, Item }: Item) => ({
    action: `dynamodb:${action}`,
    table: TableName,
    index: IndexName,
    key: (Key ?? Item)?.pk?.S,
  })
  switch (operation) {
    case 'BatchGetItem':
      return Object.entries(input.RequestItems ?? {}).flatMap(([TableName, { Keys }]) =>
        Keys.map((Key) => access(operation, { TableName, Key })),
      )
    case 'TransactWriteItems':
      // A transaction has no action of its own. IAM checks each of its items like a request.
      return (input.TransactItems ?? []).flatMap((each) =>
        Object.entries(each).map(([kind, item]) =>
          access(kind === 'ConditionCheck' ? 'ConditionCheckItem' : `${kind}Item`, item),
        ),
      )
    default:
      return [access(operation, input)]
  }
}
