import { createConnection, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import { freePort } from '../../lib/local/servers/ports.ts'
import { startWorker } from './workers.ts'

/** The time within which a connection succeeds if it succeeds at all, ms. */
const connectTimeoutMs = 200

/**
 * Opens a port at which connections neither succeed nor fail, as behind a network that drops packets. The process that
 * listens there is stopped, and its queue of waiting connections is full. It ends with the test.
 */
export async function startUnresponsiveServer(): Promise<{ url: string }> {
  const port = await freePort()
  const worker = await startWorker(new URL('./unresponsiveServerProcess.ts', import.meta.url), { port })
  const waiting: Socket[] = []
  onTestFinished(async () => {
    for (const socket of waiting) socket.destroy()
    await worker.kill()
  })
  worker.process.kill('SIGSTOP')
  for (let isConnected = true; isConnected; ) {
    const socket = createConnection(port, '127.0.0.1').on('error', () => {})
    waiting.push(socket)
    isConnected = await Promise.race([
      new Promise<true>((resolve) => socket.once('connect', () => resolve(true))),
      sleep(connectTimeoutMs, false as const),
    ])
  }
  return { url: `http://127.0.0.1:${port}` }
}
