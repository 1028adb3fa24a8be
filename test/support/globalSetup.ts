import type { TestProject } from 'vitest/node'
import { startDynamoDB } from '../../lib/local/servers/dynamodbServer.ts'
import { installPackage } from '../../lib/local/servers/installPackage.ts'
import { findOrInstallJava, findOrInstallRedis } from '../../lib/local/servers/programs.ts'
import { findBinary } from '../../lib/local/servers/redisServer.ts'
import { findBrowser, isBrowserRequired, noBrowser } from './browser.ts'

/** The programs that the tests run besides Node.js, Java and Redis, and their packages in Debian and Ubuntu. */
const programs = { ps: 'procps', curl: 'curl', openssl: 'openssl' }

/**
 * Installs what is missing as `npm start` does: as root on Debian or Ubuntu, and not with AISLE_NO_INSTALL=1.
 *
 * @throws {SetupError} that says what to install, if Java or Redis is missing
 */
async function findOrInstallPrograms(): Promise<void> {
  const options = { env: process.env, print: console.log, signal: AbortSignal.timeout(600_000) }
  await findOrInstallJava(options)
  await findOrInstallRedis(options)
  for (const [name, packageName] of Object.entries(programs))
    if (!findBinary(name)) await installPackage(name, [packageName], options)
}

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
  await findOrInstallPrograms()
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
