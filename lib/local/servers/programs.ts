import { SetupError } from '../../project/setupError.ts'
import { requireJava } from './dynamodbServer.ts'
import { type InstallOptions, installPackage } from './installPackage.ts'
import { installRedis } from './installRedis.ts'
import { findBinary, findRedisBinary } from './redisServer.ts'

/**
 * Finds a Redis or Valkey on PATH, or installs one.
 *
 * @throws {SetupError} that lists the ways to get one, if there is none
 */
export async function findOrInstallRedis(options: InstallOptions): Promise<string> {
  const binary = findRedisBinary(options.env.PATH) ?? (await installRedis(options))
  options.signal.throwIfAborted()
  if (!binary) throw new SetupError(noRedis)
  return binary
}

/**
 * Checks that Java is on PATH, or installs it. Checks only that it exists: printing its version takes half as long as a
 * start of DynamoDB Local, which checks it after a failure.
 *
 * @throws {SetupError} that says what to install, if there is none
 */
export async function findOrInstallJava(options: InstallOptions): Promise<void> {
  const { env, signal } = options
  if (findBinary('java', env.PATH)) return
  await installPackage('Java', javaPackages, options)
  signal.throwIfAborted()
  if (!findBinary('java', env.PATH)) await requireJava()
}

/** Debian 12 has only 17, Debian 13 only 21 and later, Ubuntu both. */
const javaPackages: [string, ...string[]] = [
  'openjdk-21-jre-headless',
  'openjdk-17-jre-headless',
  'openjdk-25-jre-headless',
]

const noRedis = `No Redis or Valkey found. Do one of the following, then run the command again:
  Linux    apt-get install redis-server   (Debian, Ubuntu)
           dnf install valkey             (Fedora, RHEL)
  macOS    brew install valkey
  Windows  Docker Desktop, or WSL and the line for Linux
  anywhere start a Docker engine, or use another Redis: REDIS_URL=redis://host:6379 npm start`
