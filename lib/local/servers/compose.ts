import { join } from 'node:path'
import { projectFolder } from '../../project/folder.ts'
import { type CommandResult, runCommand } from '../command.ts'
import { freePort, portOf } from './server.ts'

/** A service of docker-compose.yml: its port inside, which is the default outside, and the variable that moves that. */
const services = {
  valkey: { inside: 6379, variable: 'AISLE_REDIS_PORT' },
  dynamodb: { inside: 8000, variable: 'AISLE_DYNAMODB_PORT' },
}
export type ComposeService = keyof typeof services

/** Services that run in Docker, at 127.0.0.1. */
export interface Composed {
  ports: Record<ComposeService, number>
  /** Stops those that did not run before; the others, and every volume, stay. */
  stop(): Promise<void>
}

/**
 * Runs services of docker-compose.yml, where a Docker engine answers within 5 s.
 *
 * @param say told what takes long and what failed
 * @returns undefined without an engine, or when compose could not bring them up: said why, and nothing left running
 */
export async function composeUp(
  names: ComposeService[],
  { env, say, signal }: { env: NodeJS.ProcessEnv; say: (line: string) => void; signal: AbortSignal },
): Promise<Composed | undefined> {
  const engine = await runCommand('docker', ['info', '--format', '{{.ServerVersion}}'], {
    ...{ timeout: 5000, env, signal },
  })
  if (!engine.ok) return undefined

  const ports: Record<ComposeService, number> = { valkey: 0, dynamodb: 0 }
  const compose = (
    args: string[],
    timeout: number,
    abort: AbortSignal | undefined = signal,
  ): Promise<CommandResult> =>
    runCommand('docker', ['compose', '--file', join(projectFolder, 'docker-compose.yml'), ...args], {
      env: {
        ...env,
        ...Object.fromEntries(names.map((name) => [services[name].variable, String(ports[name])])),
      },
      timeout,
      cwd: projectFolder,
      signal: abort,
    })
  const failed = (what: string, { why }: CommandResult) => {
    if (!signal.aborted) say(`Docker answers, but \`docker compose ${what}\` failed: ${why}`)
    return undefined
  }

  const listed = await compose(['ps', '--services', '--status', 'running'], 20_000)
  if (!listed.ok) return failed('ps', listed)
  const before = new Set(listed.out.split('\n').map((line) => line.trim()))
  for (const name of names) {
    const { inside, variable } = services[name]
    // A container keeps the port it runs on: another one would have compose replace it.
    const kept = before.has(name) ? await compose(['port', name, String(inside)], 20_000) : undefined
    ports[name] =
      Number(kept?.out.trim().split(':').at(-1)) || (await freePort(portOf(variable, env, inside)))
  }

  let stopped: Promise<unknown> | undefined
  const stop = async () => {
    const ours = names.filter((name) => !before.has(name))
    if (ours.length > 0) stopped ??= compose(['stop', ...ours], 30_000, undefined)
    await stopped
  }
  if (names.some((name) => !before.has(name)))
    say(`docker compose up -d --wait ${names.join(' ')}  (the first time it fetches the images)`)
  const begun = Date.now()
  const patience = setInterval(
    () => say(`still waiting for docker compose, ${Math.round((Date.now() - begun) / 1000)} s`),
    10_000,
  )
  const up = await compose(['up', '--detach', '--wait', '--wait-timeout', '120', ...names], 600_000)
  clearInterval(patience)
  if (up.ok) return { ports, stop }
  await stop()
  return failed('up', up)
}
