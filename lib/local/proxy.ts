import { createServer, type IncomingMessage, type ServerResponse, request as send } from 'node:http'
import { SetupError } from '../project/setupError.ts'
import type { RequestLog, RequestRecord } from './inspector/index.ts'
import { parseCacheStatus, parseServerTiming } from './inspector/index.ts'

/** The longest time for a request, which includes the start of its function, in ms. */
const timeoutMs = 60_000

interface ProxyOptions {
  /** The port to listen on, at 127.0.0.1. */
  port: number
  /** The port of serverless-offline. */
  target: number
  requests: RequestLog
  /** Answers a request to the inspector. Returns false for every other request. */
  inspector: (request: IncomingMessage, response: ServerResponse) => boolean
  /** Called when a response has been sent. */
  onResponse: (request: RequestRecord) => void
}

/**
 * Starts the proxy that `npm start` puts before serverless-offline.
 *
 * It hands the inspector's requests to the inspector. It forwards every other request unchanged except for the headers
 * of the connection, and records it. No request can end the proxy. Each response carries the number of its request as
 * an entry of `Server-Timing`, so that a page can find its own requests.
 *
 * @throws {SetupError} if the port is in use
 */
export async function startProxy(options: ProxyOptions): Promise<{ stop(): Promise<void> }> {
  const server = createServer((request, response) => {
    try {
      if (!options.inspector(request, response)) forward(request, response, options)
    } catch (error) {
      // Node accepted the request but cannot forward it. Only this request fails.
      fail(response, 400, error instanceof Error ? error.message : String(error))
    }
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) =>
      reject(new SetupError(`Cannot listen on port ${options.port}: ${error.message}`)),
    )
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

function forward(
  request: IncomingMessage,
  response: ServerResponse,
  { target, requests, onResponse }: ProxyOptions,
): void {
  const n = requests.nextNumber()
  const begun = performance.now()
  const { method = 'GET', url = '/', headers } = request
  const forwarded = send(
    {
      // A new connection for each request: the target could close a reused one just before the request.
      ...{ host: '127.0.0.1', port: target, agent: false, timeout: timeoutMs },
      // The framing headers stay, because the body is forwarded as it arrives.
      ...{ method, path: url, headers: without(connectionHeaders, headers) },
    },
    (answer) => {
      const { statusCode = 502, headers: answerHeaders } = answer
      const serverTiming = [answerHeaders['server-timing'], `request;desc=${n}`].filter(Boolean).join(', ')
      response.writeHead(statusCode, {
        ...without([...connectionHeaders, 'transfer-encoding'], answerHeaders),
        'server-timing': serverTiming,
      })
      answer.pipe(response)
      answer.on('error', () => response.destroy())
      response.on('finish', () =>
        onResponse({
          ...{ n, method, path: url, status: statusCode, ms: performance.now() - begun },
          ...parseCacheStatus(answerHeaders['cache-status']?.toString()),
          ...parseServerTiming(answerHeaders['server-timing']?.toString()),
        }),
      )
    },
  )
  forwarded.on('timeout', () => forwarded.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)))
  forwarded.on('error', (error) => {
    // The client has closed its connection, which also ends the forwarded request.
    if (response.destroyed) return
    fail(response, 502, `serverless-offline: ${error.message}`)
    onResponse({ n, method, path: url, status: 502, outcome: 'none', ms: performance.now() - begun })
  })
  // The client has closed its connection and gets no answer.
  response.on('close', () => response.writableFinished || forwarded.destroy())
  request.pipe(forwarded)
}

function fail(response: ServerResponse, status: number, reason: string): void {
  if (response.headersSent) response.destroy()
  else response.writeHead(status, { 'content-type': 'text/plain', connection: 'close' }).end(`${reason}\n`)
}

/** Headers of one connection rather than of the message (RFC 9110, 7.6.1). A proxy must not forward them. */
const connectionHeaders = ['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'upgrade']

const without = (names: string[], headers: IncomingMessage['headers']) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name)))
