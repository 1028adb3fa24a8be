import type { APIGatewayProxyEventV2, Context } from 'aws-lambda'
import { Request } from './request.ts'
import { problemAnswer, type Response } from './response.ts'
import { toProblem } from './toProblem.ts'

/**
 * A Lambda handler for one route. Whatever `respond` throws becomes a problem document, since the runtime would make
 * it an answer without a body and the local emulator a 200. Each request is one line of log, without body or token.
 */
export function handle(route: string, respond: (request: Request) => Promise<Response>) {
  return async (event: Partial<APIGatewayProxyEventV2>, context?: Partial<Context>): Promise<Response> => {
    const start = performance.now()
    const request = new Request(event, context)
    let response: Response
    let failure: unknown
    try {
      response = await respond(request)
    } catch (error) {
      const problem = toProblem(error)
      response = problemAnswer(problem)
      if (problem.status >= 500) failure = error
    }
    console.log(
      JSON.stringify({
        level: failure ? 'error' : 'info',
        route,
        status: response.statusCode,
        cache: response.headers['cache-status'],
        ms: Math.round((performance.now() - start) * 100) / 100,
        requestId: request.id,
        ...(failure instanceof Error && { error: failure.stack, cause: causeOf(failure) }),
      }),
    )
    return response
  }
}

const causeOf = ({ cause }: Error): string | undefined => (cause === undefined ? undefined : String(cause))
