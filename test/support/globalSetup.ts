import type { TestProject } from 'vitest/node'
import { startDynamoDB } from '../../lib/local/servers/dynamodbServer.ts'
import { findBrowser, isBrowserRequired, noBrowser } from './browser.ts'

declare module 'vitest' {
  interface ProvidedContext {
    dynamodbEndpoints: string[]
  }
}

/** Starts two DynamoDB Locals for the whole run, in memory, on free ports. It ignores DYNAMODB_ENDPOINT. */
export default async function setup(project: TestProject) {
  if (findBrowser() === undefined && !isBrowserRequired())
    console.log(
      `Skipping test/storefront/browser, the tests of the storefront in a real browser. ${noBrowser}`,
    )
  const starts = await Promise.allSettled(Array.from({ length: 2 }, () => startDynamoDB()))
  const servers = starts.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []))
  const stop = () => Promise.all(servers.map((server) => server.stop('SIGKILL')))
  const failed = starts.find((start) => start.status === 'rejected')
  if (failed) {
    await stop()
    throw failed.reason
  }
  project.provide(
    'dynamodbEndpoints',
    servers.map(({ url }) => url),
  )
  return stop
}
