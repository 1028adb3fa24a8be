import type { TestProject } from 'vitest/node'
import { startDynamoDB } from '../../lib/local/dynamodbServer.ts'

declare module 'vitest' {
  interface ProvidedContext {
    dynamodbEndpoints: string[]
  }
}

/** Four DynamoDB Locals for the whole run, in memory, on ports of their own, whatever DYNAMODB_ENDPOINT says. */
export default async function setup(project: TestProject) {
  const servers = await Promise.all(Array.from({ length: 4 }, () => startDynamoDB()))
  project.provide(
    'dynamodbEndpoints',
    servers.map(({ url }) => url),
  )
  return () => Promise.all(servers.map((server) => server.stop('SIGKILL')))
}
