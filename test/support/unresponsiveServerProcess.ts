import { createServer } from 'node:net'
import { readSetup, serve } from './serve.ts'

/** Listens on a port with a short queue of waiting connections. Started by ./unresponsiveServer.ts. */
const { port } = readSetup<{ port: number }>()
const server = createServer().listen({ port, host: '127.0.0.1', backlog: 1 })
await new Promise((resolve) => server.once('listening', resolve))
serve({})
