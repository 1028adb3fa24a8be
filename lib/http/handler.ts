import type { APIGatewayProxyEventV2, Context } from 'aws-lambda'
import { log } from '../telemetry/log.ts'
import { requestLine } from '../telemetry/requestLine.ts'
import { metricsOfRequest, RequestMetrics } from '../telemetry/requestMetrics.ts'
import { corsHeaders } from './cors.ts'
import { Pending, settled, watch } from './deadline.ts'
import type { Problem } from './problem.ts'
import { ApiRequest } from './request.ts'
import { type ApiResponse, problemAnswer } from './response.ts'
import { serverTiming } from './serverTiming.ts'
import { toProblem } from './toProblem.ts'

/**
 * A Lambda handler for one route. Whatever `respond` throws becomes a problem document, since the runtime would make
 * it an answer without a body and the local emulator a 200; and so does a function that is about to run out of time.
 * Each request is one line of log, without body or token.
 *
 * @param errorAnswer makes a page of a problem instead, for those who read with their eyes
 */
export function handle(
  route: string,
  respond: (request: ApiRequest) => Promise<ApiResponse>,
  errorAnswer: (problem: Problem) => ApiResponse = problemAnswer,
) {
  const allowOrigin = corsHeaders(process.env.STOREFRONT_ORIGINS)
  const line = requestLine(route)
  return (event: Partial<APIGatewayProxyEventV2>, context?: Partial<Context>): Promise<ApiResponse> =>
    new Promise((resolve) => {
      const start = performance.now()
      const request = new ApiRequest(event, context, start)
      const metrics = new RequestMetrics()
      let answered = false
      const answer = (response: ApiResponse, failure?: unknown) => {
        // What comes after the deadline is too late.
        if (answered) return
        answered = true
        settled(pending)
        const end = performance.now()
        const waited = metrics.waited(end)
        const { headers } = response
        headers['x-content-type-options'] = 'nosniff'
        const timing = serverTiming(waited)
        if (timing !== undefined) headers['server-timing'] = timing
        allowOrigin(headers, request.header('origin'))
        log(line(response, metrics, { ms: end - start, waited, requestId: request.id, failure }))
        resolve(response)
      }
      const fail = (error: unknown) => {
        const problem = toProblem(error)
        answer(errorAnswer(problem), problem.status >= 500 ? error : undefined)
      }
      const pending = new Pending(request.deadline, fail)
      if (pending.deadline < Number.POSITIVE_INFINITY) watch(pending)
      metricsOfRequest.run(metrics, attempt, respond, request).then(answer, fail)
    })
}

/** Also what is thrown before there is a promise. */
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
