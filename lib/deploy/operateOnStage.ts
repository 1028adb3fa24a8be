import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda'
import type { Operation } from '../operations/operation.ts'
import type { OperationResult } from '../operations/runOperation.ts'
import { SetupError } from '../project/setupError.ts'

/** Longer than the timeout of the function. */
const requestTimeoutMs = 70_000

/**
 * Runs an operation on the cache of a deployed stage, by invoking the stage's function `operate`: the cache is in a
 * private network. Uses the usual AWS credentials and region.
 *
 * @throws {SetupError} that says what is missing, or how the function failed
 */
export async function operateOnStage(stage: string, operation: Operation): Promise<OperationResult> {
  const FunctionName = `aisle-${stage}-operate`
  const client = new LambdaClient({
    maxAttempts: 1,
    requestHandler: {
      connectionTimeout: 3_000,
      requestTimeout: requestTimeoutMs,
      throwOnRequestTimeout: true,
    },
  })
  try {
    const { Payload } = await client.send(
      new InvokeCommand({ FunctionName, Payload: JSON.stringify(operation) }),
    )
    const response = JSON.parse(Payload?.transformToString() || 'null') as
      | OperationResult
      | { errorMessage?: string }
      | null
    if (response && 'action' in response) return response
    throw new SetupError(
      `${FunctionName} failed: ${response?.errorMessage ?? 'its response holds no result'}`,
    )
  } catch (error) {
    throw error instanceof SetupError ? error : new SetupError(explainError(error, FunctionName))
  } finally {
    client.destroy()
  }
}

function explainError(error: unknown, functionName: string): string {
  const { name = '', message = String(error) } = error instanceof Error ? error : {}
  if (/CredentialsProvider|ExpiredToken|UnrecognizedClient|InvalidClientToken/.test(name))
    return `There are no valid AWS credentials (${message}): sign in, for example with aws sso login, or set AWS_PROFILE`
  if (/^region (is missing|not accepted)/i.test(message))
    return 'No AWS region is set: set AWS_REGION to the region of the stage'
  if (name === 'ResourceNotFoundException')
    return `There is no function ${functionName} in this region: check that the stage is deployed, and that AWS_REGION is its region`
  if (/AccessDenied/.test(name))
    return `You may not invoke ${functionName}: ask for the permission lambda:InvokeFunction on it`
  return `${functionName} could not be invoked: ${message}`
}
