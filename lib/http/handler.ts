import type { APIGatewayProxyEventV2, Context } from 'aws-lambda'
import { log } from '../telemetry/log.ts'
import { requestLine } from '../telemetry/requestLine.ts'
import { metricsOfRequest, RequestMetrics } from '../telemetry/requestMetrics.ts'
import { corsHeaders } from './cors.ts'
import { PendingRequest, stopWatching, watchDeadline } from './deadline.ts'
import type { Problem } from './problem.ts'
import { ApiRequest } from './request.ts'
import { type ApiResponse, problemResponse } from './response.ts'
import { serverTiming } from './serverTiming.ts'
import { toProblem } from './toProblem.ts'

/**
 * Returns the Lambda handler of one route. Every error that `respond` throws becomes a problem document: the Lambda
 * runtime would make it a response without a body, and the local emulator a 200. The same happens shortly before the
 * function runs out of time. Each request writes one log line, without its body or token.
 *
 * @param errorResponse turns a problem into a response; pass one that renders HTML for routes that people read
 */
export function handle(
  route: string,
  respond: (request: ApiRequest) => Promise<ApiResponse>,
  errorResponse: (problem: Problem) => ApiResponse = problemResponse,
) {
  const setCorsHeaders = corsHeaders(process.env.STOREFRONT_ORIGINS)
  const line = requestLine(route)
  return (event: Partial<APIGatewayProxyEventV2>, context?: Partial<Context>): Promise<ApiResponse> =>
    new Promise((resolve) => {
      const start = performance.now()
      const request = new ApiRequest(event, context, start)
      const metrics = new RequestMetrics()
      let isDone = false
      const finish = (response: ApiResponse, failure?: unknown) => {
        // The work may end after the deadline has already produced a response.
        if (isDone) return
        isDone = true
        stopWatching(pending)
        const end = performance.now()
        const waitTimes = metrics.waitTimes(end)
        const { headers } = response
        headers['x-content-type-options'] = 'nosniff'
        const timing = serverTiming(waitTimes)
        if (timing !== undefined) headers['server-timing'] = timing
        setCorsHeaders(headers, request.header('origin'))
        log(line(response, metrics, { ms: end - start, waitTimes, requestId: request.id, failure }))
        resolve(response)
      }
      const fail = (error: unknown) => {
        const problem = toProblem(error)
        finish(errorResponse(problem), problem.status >= 500 ? error : undefined)
      }
      const pending = new PendingRequest(request.deadline, fail)
      if (pending.deadline < Number.POSITIVE_INFINITY) watchDeadline(pending)
      metricsOfRequest.run(metrics, attempt, respond, request).then(finish, fail)
    })
}

/** Calls `respond`, and turns an error that it throws synchronously into a rejection. */
function attempt(
  respond: (request: ApiRequest) => Promise<ApiResponse>,
  request: ApiRequest,
): Promise<ApiResponse> {
  try {
    return respond(request)
  } catch (error) {
    return Promise.reject(error)
  }
}
