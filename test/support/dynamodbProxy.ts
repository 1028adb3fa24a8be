import { createServer, type IncomingHttpHeaders, type IncomingMessage, request as send } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'

/** An error as DynamoDB sends it: `{"__type": "com.amazonaws.dynamodb.v20120810#<code>", "message": …}`. */
export interface WireError {
  error: string
  /** @default 400 */
  status?: number
  /** Only for `TransactionCanceledException`: the code of each item, in their order. */
  reasons?: string[]
}

/** What happens to a request instead of DynamoDB's normal answer. */
export type DatabaseFault =
  | WireError
  | Response
  /** The connection is reset. DynamoDB does not execute the request. */
  | 'reset'
  /** No answer arrives. DynamoDB does not execute the request. */
  | 'silent'
  /** DynamoDB executes the request, then the connection is reset. */
  | 'lost'
  /** DynamoDB executes the request, then the connection ends in the middle of the answer. */
  | 'cut'
  /** The function runs first. The request gets the response that the function returns. Without one, DynamoDB executes it. */
  | ((body: string) => Promise<unknown>)

/** A response that the proxy sends itself. DynamoDB does not execute the request. */
interface Response {
  status: number
  body: string
}

const toResponse = (result: unknown): Response | undefined =>
  typeof result === 'object' && result && 'status' in result ? (result as Response) : undefined

interface Plan {
  operation: string
  fault: DatabaseFault
  times: number
  about: string
}

/** The errors of DynamoDB itself. All others come from the framework that DynamoDB is built on. */
const databaseErrors =
  /^(Transaction|Conditional|Idempotent|Replicated|ItemCollection|Provisioned|Request(Limit)|Resource|Internal|Limit|Duplicate|Table)/

/** Starts a proxy to DynamoDB that can inject faults. */
export async function startDynamodbProxy(endpoint: string) {
  const plans: Plan[] = []
  const operations: string[] = []
  const server = createServer(async (incoming, outgoing) => {
    const body = await buffer(incoming).catch(() => undefined)
    if (!body) return
    const operation = String(incoming.headers['x-amz-target']).split('.').at(-1) ?? ''
    operations.push(operation)
    const plan = plans.find((one) => one.operation === operation && one.times > 0 && body.includes(one.about))
    if (plan) plan.times--
    const fault =
      typeof plan?.fault === 'function' ? toResponse(await plan.fault(body.toString())) : plan?.fault
    if (typeof fault === 'object') {
      const { status, text } = 'error' in fault ? encodeError(fault) : { ...fault, text: fault.body }
      outgoing.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' }).end(text)
    } else if (fault === 'reset') incoming.socket.resetAndDestroy()
    else if (fault !== 'silent') {
      const answer = await forward(endpoint, incoming, body).catch(() => undefined)
      if (!answer || fault === 'lost') incoming.socket.resetAndDestroy()
      else {
        outgoing.writeHead(answer.status, answer.headers)
        if (fault !== 'cut') outgoing.end(answer.body)
        else outgoing.write(answer.body.subarray(0, -1), () => incoming.socket.destroy())
      }
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** The operations of all requests so far, such as `PutItem`. */
    operations,
    /**
     * Applies a fault to the next requests of an operation. If several faults match a request, the one that was injected
     * first applies.
     *
     * @param options.times how many requests; default 1
     * @param options.about only requests whose body contains this text
     */
    injectFault(operation: string, fault: DatabaseFault, { times = 1, about = '' } = {}) {
      const plan = { operation, fault, times, about }
      plans.push(plan)
      return {
        /** Returns how many requests the fault still applies to. */
        left: () => plan.times,
        end() {
          plan.times = 0
        },
      }
    },
    /** Ends every connection and refuses new ones. */
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

function encodeError({ error, status = 400, reasons }: WireError): { status: number; text: string } {
  const isOwn = databaseErrors.test(error)
  const text = JSON.stringify({
    __type: `${isOwn ? 'com.amazonaws.dynamodb.v20120810' : 'com.amazon.coral.service'}#${error}`,
    // The framework capitalises the name of this field. DynamoDB itself does not.
    [isOwn ? 'message' : 'Message']: `${error} from the test`,
    ...(reasons && { CancellationReasons: reasons.map((Code) => ({ Code })) }),
  })
  return { status, text }
}

function forward(endpoint: string, { method, headers }: IncomingMessage, body: Buffer) {
  return new Promise<{ status: number; headers: IncomingHttpHeaders; body: Buffer }>((resolve, reject) => {
    const forwarded = send(endpoint, { method, headers }, (answer) => {
      buffer(answer).then(
        (whole) => resolve({ status: answer.statusCode ?? 502, headers: answer.headers, body: whole }),
        reject,
      )
    })
    forwarded.on('error', reject)
    forwarded.end(body)
  })
}
