import { readFileSync } from 'node:fs'
import { runCommand } from '../command.ts'
import { findBinary, findRedisBinary } from './redisServer.ts'

/**
 * Installs a Redis from the packages of Debian or Ubuntu, as root only, and says so aloud. `AISLE_NO_INSTALL=1`
 * switches it off.
 *
 * The package starts a service of its own and would at every boot. It is stopped and switched off by the system's own
 * commands: that touches this one package, while keeping it from starting would take a policy for all packages.
 *
 * @returns the binary, or undefined where it is not allowed, not possible, or failed (and said why)
 */
export async function installRedis({
  env,
  say,
  signal,
  system = thisSystem(),
}: {
  env: NodeJS.ProcessEnv
  say: (line: string) => void
  signal: AbortSignal
  system?: { root: boolean; debian: boolean }
}): Promise<string | undefined> {
  const forbidden = env.AISLE_NO_INSTALL && env.AISLE_NO_INSTALL !== '0'
  if (forbidden || !system.root || !system.debian || !findBinary('apt-get', env.PATH)) return undefined
  const quiet = { ...env, DEBIAN_FRONTEND: 'noninteractive' }
  const run = (command: string, args: string[], timeout: number) =>
    runCommand(command, args, { env: quiet, timeout, signal })

  say('No Redis here, but apt-get and the right to use it (AISLE_NO_INSTALL=1 forbids it): apt-get update')
  await run('apt-get', ['update'], 120_000)
  // Debian before 13 and Ubuntu before 24.04 have no Valkey.
  const name = (await run('apt-cache', ['show', 'valkey-server'], 20_000)).ok
    ? 'valkey-server'
    : 'redis-server'
  const args = ['install', '--yes', '--no-install-recommends', name]
  say(`apt-get ${args.join(' ')}`)
  const installed = await run('apt-get', args, 300_000)
  await run('service', [name, 'stop'], 30_000)
  await run('update-rc.d', [name, 'disable'], 30_000)
  if (!installed.ok && !signal.aborted) say(`apt-get failed: ${installed.why}`)
  return installed.ok ? findRedisBinary(env.PATH) : undefined
}

function thisSystem() {
  const root = process.getuid?.() === 0
  try {
    const release = readFileSync('/etc/os-release', 'utf8')
    return { root, debian: /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(release) }
  } catch {
    return { root, debian: false }
  }
}
