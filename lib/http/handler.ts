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

/** A route, and what it requires of its requests. */
export interface Route {
  /** Such as `GET /products/{id}`. */
  route: string
  /** The scope that the token needs, or scopes of which it needs one. Without it, the route is public. */
  scope?: string | readonly string[]
  /** The query parameters that the route knows, or `any` to ignore unknown ones. @default none */
  query?: readonly string[] | 'any'
}

/**
 * Returns the Lambda handler of one route. Every error that `respond` throws becomes a problem document: the Lambda
 * runtime would make it a response without a body, and the local emulator a 200. A request that is about to time out
 * also gets one (503). Each request writes one log line, without its body or token.
 *
 * Before `respond` runs, a request without the scope is refused, and then one with an unknown query parameter. Such a
 * request reaches neither the database nor Redis.
 *
 * @param errorResponse turns a problem into a response; pass one that renders HTML for routes that people read
 */
export function handle(
  { route, scope, query = [] }: Route,
  respond: (request: ApiRequest) => Promise<ApiResponse>,
  errorResponse: (problem: Problem) => ApiResponse = problemResponse,
) {
  const respondToKnown = (request: ApiRequest) => {
    if (scope !== undefined) request.requireScope(...[scope].flat())
    if (query !== 'any') request.checkQuery(query)
    return respond(request)
  }
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
        // No shared cache may store what came with a token (RFC 9111, 3.5), although any caller gets the same.
        if (request.header('authorization') !== undefined) headers['cache-control'] = 'no-store'
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
      metricsOfRequest.run(metrics, attempt, respondToKnown, request).then(finish, fail)
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
