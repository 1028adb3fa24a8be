import { createServer } from 'node:net'
import { SetupError } from '../../project/setupError.ts'

/**
 * Reads a port from a variable of the environment.
 *
 * @throws {SetupError} if the variable is not a port number
 */
export function readPort(variable: string, env: NodeJS.ProcessEnv, defaultPort: number): number {
  const text = env[variable] || String(defaultPort)
  const port = Number(text)
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port
  throw new SetupError(
    `${variable} is ${text}, but a port is a number from 1 to 65535. Example: ${variable}=${defaultPort + 1} npm start`,
  )
}

/** Ports that no system assigns by itself: Linux assigns from 32768 up, macOS and Windows from 49152 up. */
const range = { first: 10_000, count: 20_000 }
let lastOffset = Math.floor(Math.random() * range.count)

/**
 * Finds a free port of 127.0.0.1: `wanted` if it is free, otherwise one that this process has not returned before.
 *
 * Another process can take the port until a server listens on it. The port is outside the range that the system assigns,
 * because the system could assign such a port as the local end of a connection. A client that looks for a server there
 * could even connect to itself.
 *
 * @throws {SetupError} if no port is free
 */
export async function freePort(wanted?: number): Promise<number> {
  if (wanted !== undefined && (await isPortFree(wanted))) return wanted
  for (let tries = 0; tries < 1000; tries++) {
    lastOffset = (lastOffset + 1) % range.count
    const port = range.first + lastOffset
    if (await isPortFree(port)) return port
  }
  throw new SetupError('No TCP port is free. Stop some servers on this machine and try again')
}

/** Returns whether no server listens on this port of 127.0.0.1. */
export const isPortFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = createServer()
      .on('error', () => resolve(false))
      .listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })
