import { GetAccountSettingsCommand, LambdaClient } from '@aws-sdk/client-lambda'
import { SetupError } from '../project/setupError.ts'
import { explainCredentialsError, isAccessDenied, toReason } from './explainAwsError.ts'

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
  const limit = await readConcurrencyLimit(region).catch((error) => {
    throw toSetupError(error, region)
  })
  const required = reserved + minUnreserved
  if (reserved > 0 && limit < required)
    throw new SetupError(
      `The account may run ${limit} functions at a time in ${region}, but this stage needs at least ${required}, since it reserves ${reserved}. Raise the quota (Service Quotas, Lambda, Concurrent executions), or lower writeConcurrency, authorizerConcurrency and streamConcurrency in serverless.yml`,
    )
}

/**
 * Checks whether there are AWS credentials and AWS accepts them. They need no permission for this.
 *
 * @throws {SetupError} that says what to do; also if AWS does not answer in this region
 */
export async function checkCredentials(region: string): Promise<void> {
  await readConcurrencyLimit(region).catch((error) => {
    if (!isAccessDenied(error)) throw toSetupError(error, region)
  })
}

/**
 * Finds out whether the AWS SDK finds credentials, without asking AWS about them. So a command that lacks something else
 * can name both at once.
 *
 * @returns one sentence with the remedy; undefined if there are credentials
 */
export async function explainMissingCredentials(): Promise<string | undefined> {
  // Finding credentials needs no region, but the client does.
  const lambda = connectLambda('us-east-1')
  try {
    await lambda.config.credentials()
    return undefined
  } catch (error) {
    return explainCredentialsError(error)
  } finally {
    lambda.destroy()
  }
}

/** Connects with at most two attempts of 10 s for each request. */
const connectLambda = (region: string) =>
  new LambdaClient({
    region,
    maxAttempts: 2,
    requestHandler: { connectionTimeout: 2000, requestTimeout: 10_000, throwOnRequestTimeout: true },
  })

/** Reads how many functions the account may run at a time. */
async function readConcurrencyLimit(region: string): Promise<number> {
  const lambda = connectLambda(region)
  try {
    const { AccountLimit } = await lambda.send(new GetAccountSettingsCommand())
    return AccountLimit?.ConcurrentExecutions ?? 0
  } finally {
    lambda.destroy()
  }
}

const toSetupError = (error: Error, region: string) =>
  new SetupError(
    explainCredentialsError(error) ??
      (isAccessDenied(error)
        ? `The credentials may not read the account settings in ${region}: ask for the permission lambda:GetAccountSettings`
        : `AWS did not return the account settings in ${region}: ${toReason(error) || error.name}. Check the region and the network`),
  )
