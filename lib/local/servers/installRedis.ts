import { readFileSync } from 'node:fs'
import { runCommand } from '../command.ts'
import { findBinary, findRedisBinary } from './redisServer.ts'

/**
 * Installs Redis from the packages of Debian or Ubuntu, as root only, and prints what it does. `AISLE_NO_INSTALL=1`
 * disables it.
 *
 * The package starts a service now and at every boot. This function stops and disables that service by the system's own
 * commands, which affects only this package. Preventing the start would need a policy for all packages.
 *
 * @returns the binary, or undefined if the installation is disabled, impossible, or failed (then it prints the reason)
 */
export async function installRedis({
  env,
  print,
  signal,
  system = detectSystem(),
}: {
  env: NodeJS.ProcessEnv
  print: (line: string) => void
  signal: AbortSignal
  system?: { isRoot: boolean; isDebian: boolean }
}): Promise<string | undefined> {
  const isDisabled = env.AISLE_NO_INSTALL && env.AISLE_NO_INSTALL !== '0'
  if (isDisabled || !system.isRoot || !system.isDebian || !findBinary('apt-get', env.PATH)) return undefined
  const aptEnv = { ...env, DEBIAN_FRONTEND: 'noninteractive' }
  const run = (command: string, args: string[], timeout: number) =>
    runCommand(command, args, { env: aptEnv, timeout, signal })

  print('No Redis found. Installing one with apt-get. To prevent this, set AISLE_NO_INSTALL=1')
  print('apt-get update')
  await run('apt-get', ['update'], 120_000)
  // Debian before 13 and Ubuntu before 24.04 have no Valkey.
  const name = (await run('apt-cache', ['show', 'valkey-server'], 20_000)).ok
    ? 'valkey-server'
    : 'redis-server'
  const args = ['install', '--yes', '--no-install-recommends', name]
  print(`apt-get ${args.join(' ')}`)
  const installed = await run('apt-get', args, 300_000)
  await run('service', [name, 'stop'], 30_000)
  await run('update-rc.d', [name, 'disable'], 30_000)
  if (!installed.ok && !signal.aborted) print(`apt-get failed: ${installed.error}`)
  return installed.ok ? findRedisBinary(env.PATH) : undefined
}

function detectSystem() {
  const isRoot = process.getuid?.() === 0
  try {
    const release = readFileSync('/etc/os-release', 'utf8')
    return { isRoot, isDebian: /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(release) }
  } catch {
    return { isRoot, isDebian: false }
  }
}
