import { createServer, type IncomingHttpHeaders, type IncomingMessage, request as send } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'

/** An error as DynamoDB sends it: `{"__type": "com.amazonaws.dynamodb.v20120810#<code>", "message": …}`. */
export interface WireError {
  error: string
  /** @default 400 */
  status?: number
  /** Of `TransactionCanceledException`: the code of each item, in their order. */
  reasons?: string[]
}

/** What becomes of a request instead of what DynamoDB would do with it. */
export type Trouble =
  | WireError
  | Answer
  /** The connection breaks, and nothing is done. */
  | 'reset'
  /** Nobody answers, and nothing is done. */
  | 'silent'
  /** It is done, and then the connection breaks. */
  | 'lost'
  /** It is done, and the connection breaks in the middle of the answer. */
  | 'cut'
  /** Something happens first, then it is done; or it is answered with what this returns. */
  | ((body: string) => Promise<unknown>)

/** Answers a request with this, and does nothing. */
interface Answer {
  status: number
  body: string
}

const answerIn = (result: unknown): Answer | undefined =>
  typeof result === 'object' && result && 'status' in result ? (result as Answer) : undefined

interface Plan {
  operation: string
  trouble: Trouble
  times: number
  about: string
}

/** Errors that are not DynamoDB's own come from the framework that it is built on. */
const ownErrors =
  /^(Transaction|Conditional|Idempotent|Replicated|ItemCollection|Provisioned|Request(Limit)|Resource|Internal|Limit|Duplicate|Table)/

/** A way to DynamoDB on which requests meet trouble. */
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
    const trouble =
      typeof plan?.trouble === 'function' ? answerIn(await plan.trouble(body.toString())) : plan?.trouble
    if (typeof trouble === 'object') {
      const { status, text } = 'error' in trouble ? wireForm(trouble) : { ...trouble, text: trouble.body }
      outgoing.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' }).end(text)
    } else if (trouble === 'reset') incoming.socket.resetAndDestroy()
    else if (trouble !== 'silent') {
      const answer = await passOn(endpoint, incoming, body).catch(() => undefined)
      if (!answer || trouble === 'lost') incoming.socket.resetAndDestroy()
      else {
        outgoing.writeHead(answer.status, answer.headers)
        if (trouble !== 'cut') outgoing.end(answer.body)
        else outgoing.write(answer.body.subarray(0, -1), () => incoming.socket.destroy())
      }
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** The operations that were asked for, such as `PutItem`. */
    operations,
    /**
     * The next requests of an operation meet trouble; which those are, what was planned first says.
     *
     * @param options.times how many; default one
     * @param options.about only requests whose body has this text
     */
    trouble(operation: string, trouble: Trouble, { times = 1, about = '' } = {}) {
      const plan = { operation, trouble, times, about }
      plans.push(plan)
      return {
        /** How many of them are still to come. */
        left: () => plan.times,
        end() {
          plan.times = 0
        },
      }
    },
    /** Nobody answers there any more. */
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

function wireForm({ error, status = 400, reasons }: WireError): { status: number; text: string } {
  const space = ownErrors.test(error) ? 'com.amazonaws.dynamodb.v20120810' : 'com.amazon.coral.service'
  const text = JSON.stringify({
    __type: `${space}#${error}`,
    // The framework writes it so, the database small.
    [ownErrors.test(error) ? 'message' : 'Message']: `${error}, says the test`,
    ...(reasons && { CancellationReasons: reasons.map((Code) => ({ Code })) }),
  })
  return { status, text }
}

function passOn(endpoint: string, { method, headers }: IncomingMessage, body: Buffer) {
  return new Promise<{ status: number; headers: IncomingHttpHeaders; body: Buffer }>((resolve, reject) => {
    const onward = send(endpoint, { method, headers }, (answer) => {
      buffer(answer).then(
        (whole) => resolve({ status: answer.statusCode ?? 502, headers: answer.headers, body: whole }),
        reject,
      )
    })
    onward.on('error', reject)
    onward.end(body)
  })
}
