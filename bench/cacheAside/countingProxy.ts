import { createConnection, createServer, type Socket } from 'node:net'

/** What Redis says is held back so long, ms: whoever sends several commands without waiting has sent them by then. */
const delay = 5

/** By which lib/cacheAside sees that Redis takes removals: a DEL of a key that never exists, on the wire. */
const proof = /\r\ndel\r\n\$\d+\r\n[^\r]*:proof\r\n/gi

/**
 * Between a client and the server at `port` of 127.0.0.1: counts round trips, that is how often the client began to
 * ask anew after it had heard an answer; and proofs that Redis takes removals, which go in the round trip of a read.
 */
export async function startCountingProxy(port: number) {
  const sockets = new Set<Socket>()
  let roundTrips = 0
  let proofs = 0
  const proxy = createServer((client) => {
    const server = createConnection(port, '127.0.0.1')
    let asked = false
    client.on('data', (chunk) => {
      if (!asked) roundTrips++
      asked = true
      proofs += chunk.toString('latin1').match(proof)?.length ?? 0
      server.write(chunk)
    })
    server.on('data', (chunk) =>
      setTimeout(() => {
        asked = false
        client.write(chunk)
      }, delay),
    )
    for (const socket of [client, server]) {
      // Nagle's algorithm would hold an answer's second part for the 40 ms of a delayed acknowledgement.
      socket.setNoDelay(true)
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        client.destroy()
        server.destroy()
      })
    }
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  const address = proxy.address()
  return {
    url: `redis://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`,
    /** The round trips during `act`, and the proofs. */
    async count(act: () => Promise<unknown>) {
      const before = { roundTrips, proofs }
      await act()
      // What a library does after its answer counts as well.
      await new Promise((resolve) => setTimeout(resolve, 10 * delay))
      return { roundTrips: roundTrips - before.roundTrips, proofs: proofs - before.proofs }
    },
    close() {
      for (const socket of sockets) socket.destroy()
      proxy.close()
    },
  }
}
