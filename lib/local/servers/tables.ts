import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DescribeTableCommand,
  type DynamoDBClient,
  ResourceInUseException,
  ResourceNotFoundException,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb'
import { definition, nameIn, tableDefinitions } from '../../project/definition.ts'

/** The properties of CloudFormation's AWS::DynamoDB::Table that CreateTable takes under the same name. */
const taken = ['BillingMode', 'AttributeDefinitions', 'KeySchema', 'LocalSecondaryIndexes'] as const

/**
 * Creates the tables that resources/tables.yml defines, where they are not there yet.
 *
 * @param stage fills `${sls:stage}` in the tables' names
 * @returns the name of each table and whether it was created now
 */
export async function createTables(
  client: DynamoDBClient,
  stage = 'local',
): Promise<{ name: string; created: boolean }[]> {
  const { service } = definition()
  return Promise.all(
    Object.values(tableDefinitions()).map(async (properties) => {
      const name = nameIn(properties.TableName, service, stage)
      const input = {
        TableName: name,
        ...Object.fromEntries(taken.map((key) => [key, properties[key]])),
        // Without their ceilings, which differ from stage to stage.
        ...(Array.isArray(properties.GlobalSecondaryIndexes) && {
          GlobalSecondaryIndexes: properties.GlobalSecondaryIndexes.map(
            ({ OnDemandThroughput: _, ...index }) => index,
          ),
        }),
        ...(properties.StreamSpecification !== undefined && {
          StreamSpecification: { StreamEnabled: true, ...(properties.StreamSpecification as object) },
        }),
      }
      return { name, created: await createTable(client, input as CreateTableCommandInput) }
    }),
  )
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
      // Somebody else creates it at the same time.
      if (error instanceof ResourceInUseException) return false
      throw error
    },
  )
  await waitUntilTableExists({ client, maxWaitTime: 20, minDelay: 0.05, maxDelay: 1 }, { TableName })
  return created
}
