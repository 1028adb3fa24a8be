import { createConnection } from 'node:net'
import { createServer, type TLSSocket } from 'node:tls'
import { computeSignature } from './sigV4.ts'
import type { Certificate } from './tls.ts'

/** Which tokens a cache accepts, and the clock that it uses. */
export interface IamRules {
  cache: string
  user: string
  region: string
  credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string }
  /** Whether it is a serverless cache. Otherwise it is a replication group. @default true */
  isServerless?: boolean
  now: () => number
}

/** Returns why a token does not authenticate a user, or undefined if it does. */
export function tokenRefusal(user: string, token: string, rules: IamRules): string | undefined {
  const { cache, region, credentials, isServerless = true, now } = rules
  const url = URL.parse(`https://${token}`)
  if (!url || !token.startsWith(`${cache}/?`)) return 'the token is not for this cache'
  const parameters = Object.fromEntries(url.searchParams)
  const date = parameters['X-Amz-Date'] ?? ''
  const signedAt = Date.parse(date.replace(/^(....)(..)(..T..)(..)(..Z)$/, '$1-$2-$3:$4:$5'))
  const expected = {
    Action: 'connect',
    User: rules.user,
    ...(isServerless && { ResourceType: 'ServerlessCache' }),
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': `${credentials.accessKeyId}/${date.slice(0, 8)}/${region}/elasticache/aws4_request`,
    'X-Amz-Date': date,
    'X-Amz-Expires': '900',
    ...(credentials.sessionToken !== undefined && { 'X-Amz-Security-Token': credentials.sessionToken }),
    'X-Amz-SignedHeaders': 'host',
    'X-Amz-Signature': computeSignature(url, credentials.secretAccessKey, { service: 'elasticache' }),
  }
  if (user !== rules.user) return 'wrong user'
  const names = new Set([...Object.keys(expected), ...Object.keys(parameters)])
  for (const name of names) {
    if (parameters[name] !== Reflect.get(expected, name)) return `${name} is wrong`
  }
  // The date has no milliseconds.
  if (!(signedAt <= now() && now() < signedAt + 900_000)) return 'the token has expired or is not yet valid'
  return undefined
}

/** How long a connection lives after its last AUTH, ms. */
const connectionLifetimeMs = 12 * 3_600_000

/**
 * Starts a stand-in for ElastiCache with IAM. It accepts TLS connections for a Redis that knows only a password, checks the
 * tokens, and closes each connection 12 h after its last AUTH. It passes an invalid token to Redis as a wrong password, so
 * that all answers arrive in order.
 *
 * @param target the port of the Redis
 * @param password the user's password in Redis
 */
export async function startIamProxy(
  target: number,
  { key, cert }: Certificate,
  { password, ...rules }: IamRules & { password: string },
) {
  const open = new Set<TLSSocket>()
  const proxy = {
    port: 0,
    /** How many connections there have been. */
    connections: 0,
    /** Every token that was sent, the command that sent it, and why it was refused. */
    attempts: [] as { command: string; token: string; refusal: string | undefined }[],
    /** Ends every connection, as the server's idle timeout does. */
    closeAll() {
      for (const client of open) client.destroy()
    },
    stop() {
      proxy.closeAll()
      server.close()
    },
  }
  const server = createServer({ key, cert, noDelay: true }, (client) => {
    proxy.connections++
    open.add(client)
    let authenticatedAt = Number.POSITIVE_INFINITY
    const redis = createConnection({ port: target, host: '127.0.0.1', noDelay: true })
    const parse = commandParser((args) => {
      if (rules.now() - authenticatedAt > connectionLifetimeMs) {
        client.destroy()
        return
      }
      const at = args.findIndex((arg) => /^auth$/i.test(arg))
      if (at === 0 || (at > 0 && /^hello$/i.test(args[0] ?? ''))) {
        const [user = '', token = ''] = args.slice(at + 1)
        const refusal = tokenRefusal(user, token, rules)
        proxy.attempts.push({ command: args[0]?.toUpperCase() ?? '', token, refusal })
        if (!refusal) authenticatedAt = rules.now()
        args[at + 2] = refusal ? 'refused' : password
      }
      redis.write(
        `*${args.length}\r\n${args.map((arg) => `$${Buffer.byteLength(arg)}\r\n${arg}\r\n`).join('')}`,
      )
    })
    client.on('data', parse)
    redis.on('data', (chunk) => client.write(chunk))
    for (const [one, other] of [
      [client, redis],
      [redis, client],
    ] as const) {
      one.on('error', () => {})
      one.on('close', () => {
        open.delete(client)
        other.destroy()
      })
    }
  })
  server.on('tlsClientError', () => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  proxy.port = typeof address === 'object' && address ? address.port : 0
  return proxy
}

/** Returns a parser of a client's bytes (RESP), which calls `onCommand` with each complete command. */
function commandParser(onCommand: (args: string[]) => void) {
  let rest = Buffer.alloc(0)
  return (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk])
    for (;;) {
      let at = 0
      const number = (): number | undefined => {
        const end = rest.indexOf('\r\n', at)
        if (end < 0) return undefined
        const value = Number(rest.toString('latin1', at + 1, end))
        at = end + 2
        return value
      }
      const count = number()
      if (count === undefined) return
      const args: string[] = []
      while (args.length < count) {
        const length = number()
        if (length === undefined || rest.length < at + length + 2) return
        args.push(rest.toString('utf8', at, at + length))
        at += length + 2
      }
      rest = rest.subarray(at)
      onCommand(args)
    }
  }
}
