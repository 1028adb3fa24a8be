import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'

/** A request to an AWS service: its service and region as they are signed, and its body. */
export interface AwsRequest {
  service: string
  region: string
  url: string
  body: string
}

/**
 * Starts a server that answers in place of AWS until the test ends. There is no AWS in these tests: they cover what a
 * command sends, and what it says about an answer.
 *
 * @returns the requests so far, and the environment that leads the SDK there, with credentials
 */
export async function fakeAws(
  answer: (request: AwsRequest, response: ServerResponse) => unknown,
): Promise<{ requests: AwsRequest[]; env: Record<string, string> }> {
  const requests: AwsRequest[] = []
  const server = createServer(async (incoming: IncomingMessage, response) => {
    const [, region = '', service = ''] =
      /Credential=[^/]+\/\d+\/([^/]+)\/([^/]+)\//.exec(incoming.headers.authorization ?? '') ?? []
    const request = { service, region, url: incoming.url ?? '', body: await text(incoming) }
    requests.push(request)
    response.end(JSON.stringify((await answer(request, response)) ?? {}))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => server.close().closeAllConnections())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    requests,
    env: {
      AWS_ENDPOINT_URL: url,
      ...{ AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' },
    },
  }
}
