import { createConnection, createServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/** A network between a client and a server of 127.0.0.1, which can swallow what its connections carry. Ends with the test. */
export async function startProxy(target: number) {
  const connections = new Set<Socket>()
  const proxy = createServer((client) => {
    const server = createConnection(target, '127.0.0.1')
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      connections.add(from)
      from.on('data', (chunk) => to.write(chunk))
      from.on('error', () => {})
      from.on('close', () => {
        connections.delete(from)
        to.destroy()
      })
    }
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const connection of connections) connection.destroy()
    proxy.close()
  })
  const address = proxy.address()
  const port = typeof address === 'object' && address ? address.port : 0
  return {
    url: `redis://127.0.0.1:${port}`,
    /** The connections that are open now carry nothing any more, and nobody is told. New ones work. */
    swallow() {
      for (const connection of connections) connection.removeAllListeners('data').resume()
    },
  }
}
