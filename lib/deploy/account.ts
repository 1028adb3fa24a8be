import { GetAccountSettingsCommand, LambdaClient } from '@aws-sdk/client-lambda'
import { SetupError } from '../project/setupError.ts'

/** What Lambda keeps for functions that reserve nothing. */
const alwaysUnreserved = 100

/**
 * Looks at the account that a stage would be deployed to, before anything is: whether there are credentials that are
 * taken, and whether as many concurrent executions can be reserved. An account that is new may run ten at a time.
 *
 * @param reserved how many the stage reserves
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
        'There are no AWS credentials: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or log in by aws sso login',
      )
    })
    const { AccountLimit } = await lambda.send(new GetAccountSettingsCommand())
    const limit = AccountLimit?.ConcurrentExecutions ?? 0
    if (reserved > 0 && limit - reserved < alwaysUnreserved)
      throw new SetupError(
        `The account may run ${limit} functions at a time in ${region}, and this stage reserves ${reserved} of at least ${reserved + alwaysUnreserved}. Have the quota raised (Service Quotas, Lambda, Concurrent executions), or lower writeConcurrency, authorizerConcurrency and streamConcurrency in serverless.yml`,
      )
  } catch (error) {
    if (error instanceof SetupError) throw error
    throw new SetupError(`AWS refuses to tell about the account in ${region}: ${(error as Error).message}`)
  } finally {
    lambda.destroy()
  }
}
