import { GetAccountSettingsCommand, LambdaClient } from '@aws-sdk/client-lambda'
import { SetupError } from '../project/setupError.ts'

/** The concurrency that Lambda keeps available for functions that reserve none. */
const minUnreserved = 100

/**
 * Checks the AWS account before a stage is deployed to it: whether the credentials are valid, and whether the account
 * can reserve the concurrency. A new account may be limited to ten concurrent executions.
 *
 * @param reserved the concurrent executions that the stage reserves
 * @throws {SetupError} that says what to do
 */
export async function checkAccount(region: string, reserved: number): Promise<void> {
  const lambda = new LambdaClient({
    region,
    maxAttempts: 2,
    requestHandler: { connectionTimeout: 2000, requestTimeout: 10_000, throwOnRequestTimeout: true },
  })
  try {
    await lambda.config.credentials().catch(() => {
      throw new SetupError(
        'There are no AWS credentials: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or sign in with aws sso login',
      )
    })
    const { AccountLimit } = await lambda.send(new GetAccountSettingsCommand())
    const limit = AccountLimit?.ConcurrentExecutions ?? 0
    const required = reserved + minUnreserved
    if (reserved > 0 && limit < required)
      throw new SetupError(
        `The account may run ${limit} functions at a time in ${region}, but this stage needs at least ${required}, since it reserves ${reserved}. Raise the quota (Service Quotas, Lambda, Concurrent executions), or lower writeConcurrency, authorizerConcurrency and streamConcurrency in serverless.yml`,
      )
  } catch (error) {
    if (error instanceof SetupError) throw error
    throw new SetupError(`AWS did not return the account settings in ${region}: ${(error as Error).message}`)
  } finally {
    lambda.destroy()
  }
}
