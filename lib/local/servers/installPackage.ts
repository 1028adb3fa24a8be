import { readFileSync } from 'node:fs'
import { runCommand } from '../command.ts'
import { findBinary } from './redisServer.ts'

export interface InstallOptions {
  env: NodeJS.ProcessEnv
  /** Receives a line for each step. */
  print: (line: string) => void
  signal: AbortSignal
  /** @default what this machine is */
  system?: { isRoot: boolean; isDebian: boolean }
}

/**
 * Installs a package of Debian or Ubuntu, as root only, and prints what it does. `AISLE_NO_INSTALL=1` disables it.
 *
 * The caller checks whether the program is there: a package can fail after its files are in place.
 *
 * @param what is missing, for people
 * @param packages the first of them that the system has is installed
 */
export async function installPackage(
  what: string,
  packages: [string, ...string[]],
  { env, print, signal, system = detectSystem() }: InstallOptions,
): Promise<void> {
  const isDisabled = env.AISLE_NO_INSTALL && env.AISLE_NO_INSTALL !== '0'
  if (isDisabled || !system.isRoot || !system.isDebian || !findBinary('apt-get', env.PATH)) return
  const run = (command: string, args: string[], timeout: number) =>
    runCommand(command, args, { env: { ...env, DEBIAN_FRONTEND: 'noninteractive' }, timeout, signal })

  print(`No ${what} found. Installing one with apt-get. To prevent this, set AISLE_NO_INSTALL=1`)
  print('apt-get update')
  await run('apt-get', ['update'], 120_000)
  let name = packages[0]
  for (const each of packages) {
    name = each
    // It succeeds, and prints nothing, for a package that other packages only mention.
    if ((await run('apt-cache', ['show', each], 20_000)).out.trim()) break
  }
  const args = ['install', '--yes', '--no-install-recommends', name]
  print(`apt-get ${args.join(' ')}`)
  const installed = await run('apt-get', args, 300_000)
  if (!installed.ok && !signal.aborted) print(`apt-get failed: ${installed.error}`)
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
