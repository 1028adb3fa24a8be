import { createConnection, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import { freePort } from '../../lib/local/servers/server.ts'
import { startWorker } from './workers.ts'

/** How long a connection takes at the most that is made at all, ms. */
const usualMs = 200

/**
 * A port at which no connection is made, and none is refused, as where a network has lost its way: a process listens
 * there that is stopped, and the system has no room for more connections that wait for it. Ends with the test.
 */
export async function startDeafServer(): Promise<{ url: string }> {
  const port = await freePort()
  const worker = await startWorker(new URL('./deafProcess.ts', import.meta.url), { port })
  const waiting: Socket[] = []
  onTestFinished(async () => {
    for (const socket of waiting) socket.destroy()
    await worker.kill()
  })
  worker.process.kill('SIGSTOP')
  for (let isMade = true; isMade; ) {
    const socket = createConnection(port, '127.0.0.1').on('error', () => {})
    waiting.push(socket)
    isMade = await Promise.race([
      new Promise<true>((resolve) => socket.once('connect', () => resolve(true))),
      sleep(usualMs, false as const),
    ])
  }
  return { url: `http://127.0.0.1:${port}` }
}
