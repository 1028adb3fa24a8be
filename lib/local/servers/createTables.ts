import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DescribeTableCommand,
  type DynamoDBClient,
  ResourceInUseException,
  ResourceNotFoundException,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb'
import { readServerlessYml, readTableDefinitions, resolveName } from '../../project/serverlessYml.ts'

/** The properties that CloudFormation's AWS::DynamoDB::Table and CreateTable share under the same name. */
const sharedProperties = [
  'BillingMode',
  'AttributeDefinitions',
  'KeySchema',
  'LocalSecondaryIndexes',
] as const

/**
 * Creates the tables of resources/tables.yml that do not exist yet.
 *
 * @param stage replaces `${sls:stage}` in the tables' names
 * @returns the name of each table, and whether this call created it
 */
export async function createTables(
  client: DynamoDBClient,
  stage = 'local',
): Promise<{ name: string; created: boolean }[]> {
  const { service } = readServerlessYml()
  return Promise.all(
    Object.values(readTableDefinitions()).map(async (properties) => {
      const name = resolveName(properties.TableName, service, stage)
      return { name, created: await createTable(client, toCreateTableInput(name, properties)) }
    }),
  )
}

function toCreateTableInput(name: string, properties: Record<string, unknown>) {
  const { GlobalSecondaryIndexes, StreamSpecification } = properties
  const input = {
    TableName: name,
    ...Object.fromEntries(sharedProperties.map((key) => [key, properties[key]])),
    // Without the throughput limits, which depend on the stage.
    ...(Array.isArray(GlobalSecondaryIndexes) && {
      GlobalSecondaryIndexes: GlobalSecondaryIndexes.map(({ OnDemandThroughput: _, ...index }) => index),
    }),
    ...(StreamSpecification !== undefined && {
      StreamSpecification: { StreamEnabled: true, ...(StreamSpecification as object) },
    }),
  }
  return input as CreateTableCommandInput
}

async function createTable(client: DynamoDBClient, input: CreateTableCommandInput): Promise<boolean> {
  const { TableName } = input
  try {
    await client.send(new DescribeTableCommand({ TableName }))
    return false
  } catch (error) {
    if (!(error instanceof ResourceNotFoundException)) throw error
  }
  const created = await client.send(new CreateTableCommand(input)).then(
    () => true,
    (error) => {
      // Another process creates the table at the same time.
      if (error instanceof ResourceInUseException) return false
      throw error
    },
  )
  await waitUntilTableExists({ client, maxWaitTime: 20, minDelay: 0.05, maxDelay: 1 }, { TableName })
  return created
}
