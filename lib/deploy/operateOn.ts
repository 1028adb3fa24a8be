import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda'
import type { OperationResult } from '../operations/operate.ts'
import type { Operation } from '../operations/operation.ts'
import { SetupError } from '../project/setupError.ts'

/** Longer than the function may take. */
const mostMs = 70_000

/**
 * Has a deployed stage operate on its own cache, which lies in a private network: by its function `operate`, with the
 * usual credentials and region of AWS.
 *
 * @throws {SetupError} that says what is missing, or what the function said
 */
export async function operateOn(stage: string, operation: Operation): Promise<OperationResult> {
  const FunctionName = `aisle-${stage}-operate`
  const client = new LambdaClient({
    maxAttempts: 1,
    requestHandler: { connectionTimeout: 3_000, requestTimeout: mostMs, throwOnRequestTimeout: true },
  })
  try {
    const { Payload } = await client.send(
      new InvokeCommand({ FunctionName, Payload: JSON.stringify(operation) }),
    )
    const answer = JSON.parse(Payload?.transformToString() || 'null') as
      | OperationResult
      | { errorMessage?: string }
      | null
    if (answer && 'action' in answer) return answer
    throw new SetupError(`${FunctionName} failed: ${answer?.errorMessage ?? 'it answered nothing of use'}`)
  } catch (error) {
    throw error instanceof SetupError ? error : new SetupError(told(error, FunctionName))
  } finally {
    client.destroy()
  }
}

function told(error: unknown, name: string): string {
  const { name: kind = '', message = String(error) } = error instanceof Error ? error : {}
  if (/CredentialsProvider|ExpiredToken|UnrecognizedClient|InvalidClientToken/.test(kind))
    return `AWS has no valid credentials from you (${message}): sign in, as by aws sso login, or set AWS_PROFILE`
  if (/^region (is missing|not accepted)/i.test(message))
    return 'No AWS region is set: set AWS_REGION to that of the stage'
  if (kind === 'ResourceNotFoundException')
    return `There is no function ${name} in this region: is the stage deployed, and AWS_REGION the one it is in?`
  if (/AccessDenied/.test(kind)) return `You may not invoke ${name}: ask for lambda:InvokeFunction on it`
  return `${name} could not be invoked: ${message}`
}
