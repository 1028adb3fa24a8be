import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { Context } from 'aws-lambda'
import { readServerlessYml } from '../../lib/project/serverlessYml.ts'
import { putClockAhead } from '../support/clock.ts'
import { readSetup, serve } from '../support/serve.ts'

// A process that serves some functions of the catalogue over HTTP. It invokes them as API Gateway does, by the routes of
// serverless.yml.

export interface Setup {
  functions: string[]
  /** The environment of the functions. */
  env: Record<string, string>
}

type Handler = (event: object, context: Partial<Context>) => Promise<Answer>
interface Answer {
  statusCode: number
  headers: Record<string, string>
  body?: string
}

interface Route {
  method: string
  path: RegExp
  name: string
  handler: Handler
}

/** The authorizer's answer, the same for every token. */
const authorizer = { lambda: { subject: 'chaos', scope: 'catalog:write reviews:write' } }

const { functions, env } = readSetup<Setup>()
Object.assign(process.env, env)
putClockAhead(0)
const { provider, functions: definitions } = readServerlessYml()
const routes: Route[] = []
for (const name of functions) {
  const { handler }: { handler: Handler } = await import(`../../functions/${name}.ts`)
  for (const { httpApi } of definitions[name].events) {
    const route: string = typeof httpApi === 'string' ? httpApi : `${httpApi.method} ${httpApi.path}`
    const [method = '', path = ''] = route.split(' ')
    const pattern = path.replace(/\{(\w+)\}/g, '(?<$1>[^/]+)')
    routes.push({ method, path: new RegExp(`^${pattern}$`), name: route, handler })
  }
}

function createContext(): Partial<Context> {
  const end = performance.now() + provider.timeout * 1000
  return { getRemainingTimeInMillis: () => end - performance.now() }
}

async function answer(request: IncomingMessage): Promise<Answer> {
  const { pathname, search, searchParams } = new URL(request.url ?? '', 'http://localhost')
  for (const { method, path, name, handler } of routes) {
    const match = method === request.method && path.exec(pathname)
    if (!match) continue
    const body = await text(request)
    const event = {
      version: '2.0',
      ...{ routeKey: name, rawPath: pathname, rawQueryString: search.slice(1), headers: request.headers },
      ...(search && { queryStringParameters: Object.fromEntries(searchParams) }),
      ...(body && { body }),
      pathParameters: { ...match.groups },
      requestContext: { authorizer, http: { method, path: pathname } },
      isBase64Encoded: false,
    }
    return handler(event, createContext())
  }
  return { statusCode: 404, headers: {}, body: 'No function of this process has this route' }
}

// As on Lambda, a function goes on after its client has disconnected.
const server = createServer((request, response) => {
  answer(request).then(
    ({ statusCode, headers, body }) => response.writeHead(statusCode, headers).end(body),
    (error) => response.writeHead(500).end(String(error)),
  )
})
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))

const methods = {
  async port() {
    return (server.address() as AddressInfo).port
  },
  async putClockAhead({ ms }: { ms: number }) {
    putClockAhead(ms)
  },
}
export type FunctionProcessMethods = typeof methods

serve(methods)
