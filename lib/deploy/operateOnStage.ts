import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda'
import type { Operation } from '../operations/operation.ts'
import type { OperationResult } from '../operations/runOperation.ts'
import { SetupError } from '../project/setupError.ts'
import { explainCredentialsError, isAccessDenied, toReason } from './explainAwsError.ts'

/** Longer than the timeout of the function. */
const requestTimeoutMs = 70_000

/**
 * Runs an operation on the cache of a deployed stage, by invoking the stage's function `operate`: the cache is in a
 * private network. Uses the usual AWS credentials.
 *
 * @throws {SetupError} that says what is missing, or how the function failed
 */
export async function operateOnStage(
  stage: string,
  region: string,
  operation: Operation,
): Promise<OperationResult> {
  const FunctionName = `aisle-${stage}-operate`
  const client = new LambdaClient({
    region,
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
    throw error instanceof SetupError ? error : new SetupError(explainError(error, FunctionName, region))
  } finally {
    client.destroy()
  }
}

function explainError(error: unknown, functionName: string, region: string): string {
  const { name = '' } = error instanceof Error ? error : {}
  const credentials = explainCredentialsError(error)
  if (credentials !== undefined) return credentials
  if (name === 'ResourceNotFoundException')
    return `There is no function ${functionName} in ${region}: check that the stage is deployed, and name its region with --region`
  if (isAccessDenied(error))
    return `You may not invoke ${functionName}: ask for the permission lambda:InvokeFunction on it`
  return `${functionName} could not be invoked in ${region}: ${toReason(error)}`
}
