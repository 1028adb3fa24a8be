import { createConnection, createServer, type Socket } from 'node:net'

/**
 * How long the proxy holds back what Redis sends, ms. A client that sends several commands without waiting has sent all
 * of them within this time.
 */
const delay = 5

/** The bytes of lib/cacheAside's proof that Redis accepts removals: a DEL of a key that never exists. */
const proof = /\r\ndel\r\n\$\d+\r\n[^\r]*:proof\r\n/gi

/**
 * Starts a proxy between a client and the server at `port` of 127.0.0.1. It counts round trips, that is how often the
 * client sends again after an answer, and proofs. A proof travels in the round trip of a read.
 */
export async function startCountingProxy(port: number) {
  const sockets = new Set<Socket>()
  let roundTrips = 0
  let proofs = 0
  const proxy = createServer((client) => {
    const server = createConnection(port, '127.0.0.1')
    let isWaiting = false
    client.on('data', (chunk) => {
      if (!isWaiting) roundTrips++
      isWaiting = true
      proofs += chunk.toString('latin1').match(proof)?.length ?? 0
      server.write(chunk)
    })
    server.on('data', (chunk) =>
      setTimeout(() => {
        isWaiting = false
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
    /** Counts the round trips and the proofs during `act`. */
    async count(act: () => Promise<unknown>) {
      const before = { roundTrips, proofs }
      await act()
      // Includes what a library does after it has answered.
      await new Promise((resolve) => setTimeout(resolve, 10 * delay))
      return { roundTrips: roundTrips - before.roundTrips, proofs: proofs - before.proofs }
    },
    close() {
      for (const socket of sockets) socket.destroy()
      proxy.close()
    },
  }
}
