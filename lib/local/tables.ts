import { readFileSync } from 'node:fs'
import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DescribeTableCommand,
  type DynamoDBClient,
  ResourceInUseException,
  ResourceNotFoundException,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb'
import { parse } from 'yaml'

/** The file whose `resources` define the tables, here as on AWS. */
const definition = new URL('../../serverless.yml', import.meta.url)

/** The properties of CloudFormation's AWS::DynamoDB::Table that CreateTable takes under the same name. */
const taken = [
  'BillingMode',
  'AttributeDefinitions',
  'KeySchema',
  'GlobalSecondaryIndexes',
  'LocalSecondaryIndexes',
] as const

/**
 * Creates the tables that serverless.yml defines, where they are not there yet.
 *
 * @param stage fills `${sls:stage}` in the tables' names
 * @returns the name of each table and whether it was created now
 */
export async function createTables(
  client: DynamoDBClient,
  stage = 'local',
): Promise<{ name: string; created: boolean }[]> {
  const { service, resources } = parse(readFileSync(definition, 'utf8'))
  const tables = Object.values(
    resources.Resources as Record<string, { Type: string; Properties: Record<string, unknown> }>,
  )
    .filter(({ Type }) => Type === 'AWS::DynamoDB::Table')
    .map(({ Properties }) => Properties)
  return Promise.all(
    tables.map(async (properties) => {
      const name = String(properties.TableName)
        .replaceAll('${self:service}', service)
        .replaceAll('${sls:stage}', stage)
      const input = { TableName: name, ...Object.fromEntries(taken.map((key) => [key, properties[key]])) }
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
