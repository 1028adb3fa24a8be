import type { TestProject } from 'vitest/node'
import { startDynamoDB } from '../../lib/local/dynamodbServer.ts'

declare module 'vitest' {
  interface ProvidedContext {
    dynamodbEndpoint: string
  }
}

/** One DynamoDB Local for the whole run, in memory, on a port of its own, whatever DYNAMODB_ENDPOINT says. */
export default async function setup(project: TestProject) {
  const server = await startDynamoDB()
  project.provide('dynamodbEndpoint', server.url)
  return () => server.stop('SIGKILL')
}
