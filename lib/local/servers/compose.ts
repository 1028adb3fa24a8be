import { join } from 'node:path'
import { projectDirectory } from '../../project/projectDirectory.ts'
import { type CommandResult, runCommand } from '../command.ts'
import { freePort, readPort } from './ports.ts'
import type { RunRecord } from './runRecord.ts'

/**
 * The services of docker-compose.yml. `inside` is the port in the container and the default port outside, and `variable`
 * moves the port outside.
 */
const services = {
  valkey: { inside: 6379, variable: 'AISLE_REDIS_PORT' },
  dynamodb: { inside: 8000, variable: 'AISLE_DYNAMODB_PORT' },
}
export type ComposeService = keyof typeof services

/** The arguments of `docker` before those of a compose command. */
export const composeArguments = ['compose', '--file', join(projectDirectory, 'docker-compose.yml')]

/** Services that run in Docker, at 127.0.0.1. */
export interface Composed {
  ports: Record<ComposeService, number>
  /** Stops the services that did not run before, or that a killed run left. The others and all volumes stay. */
  stop(): Promise<void>
}

/**
 * Runs services of docker-compose.yml if a Docker engine answers within 5 s.
 *
 * @param print receives a line for each slow step and each failure
 * @returns undefined without an engine, or if compose cannot start the services: then it prints the reason and leaves
 *   nothing running
 */
export async function composeUp(
  names: ComposeService[],
  {
    env,
    print,
    signal,
    record,
  }: {
    env: NodeJS.ProcessEnv
    print: (line: string) => void
    signal: AbortSignal
    record?: RunRecord | undefined
  },
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
    runCommand('docker', [...composeArguments, ...args], {
      env: {
        ...env,
        ...Object.fromEntries(names.map((name) => [services[name].variable, String(ports[name])])),
      },
      timeout,
      cwd: projectDirectory,
      signal: abort,
    })
  const reportFailure = (command: string, { error }: CommandResult) => {
    if (!signal.aborted) print(`Docker is running, but \`docker compose ${command}\` failed: ${error}`)
    return undefined
  }

  const listed = await compose(['ps', '--services', '--status', 'running'], 20_000)
  if (!listed.ok) return reportFailure('ps', listed)
  const alreadyRunning = new Set(listed.out.split('\n').map((line) => line.trim()))
  const toStart = names.filter((name) => !alreadyRunning.has(name))
  const toStop = names.filter((name) => toStart.includes(name) || record?.containers.includes(name))
  for (const name of names) {
    const { inside, variable } = services[name]
    // A running container keeps its port: with another port, compose would replace the container.
    const current = alreadyRunning.has(name)
      ? await compose(['port', name, String(inside)], 20_000)
      : undefined
    ports[name] =
      Number(current?.out.trim().split(':').at(-1)) || (await freePort(readPort(variable, env, inside)))
  }

  let stopped: Promise<CommandResult> | undefined
  const stop = async () => {
    if (toStop.length > 0) stopped ??= compose(['stop', ...toStop], 30_000, undefined)
    if ((await stopped)?.ok) record?.removeContainers(toStop)
  }
  if (toStart.length > 0)
    print(`Running docker compose up -d --wait ${names.join(' ')}. The first run downloads the images`)
  record?.addContainers(toStop)
  const begun = Date.now()
  const progress = setInterval(
    () => print(`Still waiting for docker compose after ${Math.round((Date.now() - begun) / 1000)} s`),
    10_000,
  )
  const up = await compose(['up', '--detach', '--wait', '--wait-timeout', '120', ...names], 600_000)
  clearInterval(progress)
  if (up.ok) return { ports, stop }
  await stop()
  return reportFailure('up', up)
}
