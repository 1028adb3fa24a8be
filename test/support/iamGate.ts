import { createConnection } from 'node:net'
import { createServer, type TLSSocket } from 'node:tls'
import { signatureOf } from './sigV4.ts'
import type { Certificate } from './tls.ts'

/** What a cache lets in, and by which clock. */
export interface IamRules {
  cache: string
  user: string
  region: string
  credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string }
  /** Else a replication group. @default true */
  isServerless?: boolean
  now: () => number
}

/** Why a token does not authenticate a user; undefined: it does. */
export function refusalOf(user: string, token: string, rules: IamRules): string | undefined {
  const { cache, region, credentials, isServerless = true, now } = rules
  const url = URL.parse(`https://${token}`)
  if (!url || !token.startsWith(`${cache}/?`)) return 'not a token for this cache'
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
    'X-Amz-Signature': signatureOf(url, credentials.secretAccessKey, { service: 'elasticache' }),
  }
  if (user !== rules.user) return 'not the user'
  const names = new Set([...Object.keys(expected), ...Object.keys(parameters)])
  for (const name of names) {
    if (parameters[name] !== Reflect.get(expected, name)) return `${name} is not right`
  }
  // The date has no milliseconds.
  if (!(signedAt <= now() && now() < signedAt + 900_000)) return 'expired, or not yet valid'
  return undefined
}

/** Connections live so long after their last AUTH. */
const lifeOfConnection = 12 * 3_600_000

/**
 * A stand-in for ElastiCache with IAM: takes TLS connections for a Redis that only knows a password, checks the tokens by
 * which they authenticate, and closes them 12 h later. A token that is not right is handed to Redis as a wrong password,
 * so that each answer comes in its turn.
 *
 * @param password of the user, in Redis
 */
export async function startIamGate(
  target: number,
  { key, cert }: Certificate,
  { password, ...rules }: IamRules & { password: string },
) {
  const open = new Set<TLSSocket>()
  const gate = {
    port: 0,
    /** How often somebody connected. */
    connections: 0,
    /** Every token that came, by which command, and why it was refused. */
    attempts: [] as { command: string; token: string; refusal: string | undefined }[],
    /** As the server's idle time-out does. */
    closeAll() {
      for (const client of open) client.destroy()
    },
    stop() {
      gate.closeAll()
      server.close()
    },
  }
  const server = createServer({ key, cert, noDelay: true }, (client) => {
    gate.connections++
    open.add(client)
    let authenticatedAt = Number.POSITIVE_INFINITY
    const redis = createConnection({ port: target, host: '127.0.0.1', noDelay: true })
    const parse = parser((args) => {
      if (rules.now() - authenticatedAt > lifeOfConnection) {
        client.destroy()
        return
      }
      const at = args.findIndex((arg) => /^auth$/i.test(arg))
      if (at === 0 || (at > 0 && /^hello$/i.test(args[0] ?? ''))) {
        const [user = '', token = ''] = args.slice(at + 1)
        const refusal = refusalOf(user, token, rules)
        gate.attempts.push({ command: args[0]?.toUpperCase() ?? '', token, refusal })
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
  gate.port = typeof address === 'object' && address ? address.port : 0
  return gate
}

/** Calls back with each whole command of a client, in RESP. */
function parser(onCommand: (args: string[]) => void) {
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
