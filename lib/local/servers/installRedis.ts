import { basename } from 'node:path'
import { runCommand } from '../command.ts'
import { type InstallOptions, installPackage } from './installPackage.ts'
import { findRedisBinary } from './redisServer.ts'

/**
 * Installs Redis: see {@link installPackage}.
 *
 * The package starts a service now and at every boot. This function stops and disables that service by the system's own
 * commands, which affects only this package. Preventing the start would need a policy for all packages.
 *
 * @returns the binary, or undefined if it was not installed
 */
export async function installRedis(options: InstallOptions): Promise<string | undefined> {
  const { env, signal } = options
  // Debian before 13 and Ubuntu before 24.04 have no Valkey.
  await installPackage('Redis', ['valkey-server', 'redis-server'], options)
  const binary = findRedisBinary(env.PATH)
  if (!binary) return undefined
  // The name of the binary is also that of the package and of its service.
  const service = basename(binary)
  await runCommand('service', [service, 'stop'], { timeout: 30_000, env, signal })
  await runCommand('update-rc.d', [service, 'disable'], { timeout: 30_000, env, signal })
  return binary
}
