import { createServer, type IncomingMessage, type ServerResponse, request as send } from 'node:http'
import { SetupError } from '../project/setupError.ts'
import type { Answered, Requests } from './inspector/index.ts'
import { outcomeOf, timingsOf } from './inspector/index.ts'

/** The longest that a request may take, with time to start its function, ms. */
const longest = 60_000

interface ProxyOptions {
  /** Where it listens, on 127.0.0.1. */
  port: number
  /** The port of serverless-offline. */
  target: number
  requests: Requests
  /** Answers what belongs to the inspector; false for everything else. */
  inspector: (request: IncomingMessage, response: ServerResponse) => boolean
  /** Tells of a request that was answered, when the answer is on its way. */
  onAnswered: (answered: Answered) => void
}

/**
 * What stands before serverless-offline in `npm start`: it passes every request on as it is, but for what is said of the
 * connection alone, tells of it, and leaves those of the inspector to that. No request ends it. Each answer is given its
 * number, as an entry of `Server-Timing`, by which a page finds its own requests again.
 *
 * @throws {SetupError} where the port is taken
 */
export async function startProxy(options: ProxyOptions): Promise<{ stop(): Promise<void> }> {
  const server = createServer((request, response) => {
    try {
      if (!options.inspector(request, response)) pass(request, response, options)
    } catch (error) {
      // A request that was taken in and cannot be sent on ends here, and nothing else with it.
      refuse(response, 400, error instanceof Error ? error.message : String(error))
    }
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(new SetupError(`Port ${options.port}: ${error.message}`)))
    server.listen(options.port, '127.0.0.1', resolve)
  })
  return {
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function pass(
  request: IncomingMessage,
  response: ServerResponse,
  { target, requests, onAnswered }: ProxyOptions,
): void {
  const n = requests.next()
  const begun = performance.now()
  const { method = 'GET', url = '/', headers } = request
  const passed = send(
    // A connection each: one that is kept may be closed at the other end just when it is used again.
    {
      ...{ host: '127.0.0.1', port: target, agent: false, timeout: longest },
      // How the body is framed stays: it is passed on as it comes.
      ...{ method, path: url, headers: without(ofConnection, headers) },
    },
    (answer) => {
      const { statusCode = 502, headers: told } = answer
      const serverTiming = [told['server-timing'], `request;desc=${n}`].filter(Boolean).join(', ')
      response.writeHead(statusCode, {
        ...without([...ofConnection, 'transfer-encoding'], told),
        'server-timing': serverTiming,
      })
      answer.pipe(response)
      answer.on('error', () => response.destroy())
      response.on('finish', () =>
        onAnswered({
          ...{ n, method, path: url, status: statusCode, ms: performance.now() - begun },
          ...outcomeOf(told['cache-status']?.toString()),
          ...timingsOf(told['server-timing']?.toString()),
        }),
      )
    },
  )
  passed.on('timeout', () => passed.destroy(new Error(`no answer within ${longest / 1000} s`)))
  passed.on('error', (error) => refuse(response, 502, `serverless-offline: ${error.message}`))
  // The client has left, and is not answered.
  response.on('close', () => response.writableFinished || passed.destroy())
  request.pipe(passed)
}

function refuse(response: ServerResponse, status: number, why: string): void {
  if (response.headersSent) response.destroy()
  else response.writeHead(status, { 'content-type': 'text/plain', connection: 'close' }).end(`${why}\n`)
}

/** What is said of one connection and not of the message (RFC 9110, 7.6.1): each side has its own. */
const ofConnection = ['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'upgrade']

const without = (names: string[], headers: IncomingMessage['headers']) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name)))
