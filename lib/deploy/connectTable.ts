import { type DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb'
import { classifyDatabaseError, connectDynamoDB, createRetry } from '../clients/dynamodb/index.ts'
import { SetupError } from '../project/setupError.ts'
import { explainMissingCredentials } from './checkAccount.ts'
import { explainCredentialsError, isAccessDenied, toReason } from './explainAwsError.ts'
import { findRegion } from './region.ts'

/** No item of the catalogue has this key. */
const key = { pk: 'CHECK', sk: 'CHECK' }

/**
 * Connects to a table on AWS, and checks that it can be read. So a command that writes many rows says once what is
 * missing, and not for each row. The check needs no permission that the import does not need. It is repeated for up to
 * 5 s while DynamoDB throttles it or does not answer.
 *
 * There is no default region, unlike for a stage: a wrong one would be written to.
 *
 * @param region the value of `--region`; see {@link findRegion}
 * @throws {SetupError} that says what is missing and what to do
 */
export async function connectTable(
  table: string,
  region: string | undefined,
): Promise<DynamoDBDocumentClient> {
  const found = await findRegion(region)
  if (found === undefined) {
    const missing = [
      'No AWS region is set: add --region REGION, or set AWS_REGION. npm run deploy uses eu-central-1 if nothing names one',
      await explainMissingCredentials(),
    ]
    throw new SetupError(missing.filter((sentence) => sentence !== undefined).join('. '))
  }
  const db = connectDynamoDB(undefined)
  await checkTable(db, table, found)
  return db
}

async function checkTable(db: DynamoDBDocumentClient, table: string, region: string): Promise<void> {
  const retry = createRetry({
    kinds: ['busy', 'unavailable', 'no-response'],
    ...{ patienceMs: 5_000, pauseMs: [100, 2_000] },
  })
  try {
    await retry(() => db.send(new GetCommand({ TableName: table, Key: key })))
  } catch (error) {
    throw new SetupError(explainError(error as Error, table, region))
  }
}

function explainError(error: Error, table: string, region: string): string {
  const { name } = error
  const reason = toReason(error)
  const credentials = explainCredentialsError(error)
  if (credentials !== undefined) return credentials
  if (name === 'ResourceNotFoundException')
    return `There is no table ${table} in ${region}: check --table, and name the region of the stage with --region`
  if (name === 'ValidationException')
    return `${table} in ${region} is not a table of the catalogue: check --table`
  if (isAccessDenied(error))
    return `The credentials may not read the table ${table} in ${region} (${reason}): use those of a deployment, or ask for the permissions`
  const kind = classifyDatabaseError(error)
  if (kind === 'no-response')
    return `DynamoDB does not answer in ${region} (${reason || name}): check the network and the name of the region`
  return `The table ${table} in ${region} cannot be read (${name}: ${reason})`
}
