import { createServer } from 'node:net'
import { serve, setupOf } from './serve.ts'

/** Listens at a port, and has room for few that wait to be accepted. Started by ./deafServer.ts. */
const { port } = setupOf<{ port: number }>()
const server = createServer().listen({ port, host: '127.0.0.1', backlog: 1 })
await new Promise((resolve) => server.once('listening', resolve))
serve({})
