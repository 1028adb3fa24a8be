import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { findRedisBinary, startRedis } from '../../lib/local/servers/redisServer.ts'
import { freePort, type Server } from '../../lib/local/servers/server.ts'

/** A server of a cluster, with a client of its own to manage it by. */
interface Node {
  server: Server
  url: string
  /** Where the servers talk to each other. */
  busPort: number
  /** Where everybody reaches it. */
  port: number
  admin: Redis
  id: string
}

/** Slots of a cluster, and how they are shared out over three masters. */
const ranges = [
  [0, 5460],
  [5461, 10_922],
  [10_923, 16_383],
] as const

/** What every server of a cluster has beside the usual. */
export interface ClusterOptions {
  /** Clients, replicas and the servers' own talk use TLS. The port without it stays open for the test itself. */
  tls?: { args: string[] }
  args?: string[]
  /** Of the user `default`, where `args` set one. */
  password?: string
  /** Puts something before each server, by its port, and says at which port it is reached by all others. */
  before?: (port: number) => Promise<number>
  /** Whether each master has a replica that takes over. @default true */
  replicas?: boolean
}

/** Starts three masters, with a replica each, and waits until they serve as one cluster. */
export async function startCluster(options: ClusterOptions = {}) {
  const binary = findRedisBinary()
  if (!binary) throw new Error('No valkey-server or redis-server on PATH')
  const folder = mkdtempSync(join(tmpdir(), 'aisle-cluster-'))
  const nodes: Node[] = []
  const stop = async () => {
    for (const { admin } of nodes) admin.disconnect()
    await Promise.all(nodes.map(({ server }) => server.stop('SIGKILL')))
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    const count = options.replicas === false ? 3 : 6
    for (let number = 0; number < count; number++)
      nodes.push(await startNode(binary, folder, number, options))
    await form(nodes)
  } catch (error) {
    await stop()
    throw error
  }
  return {
    /** Where a client may begin. */
    url: nodes[0]?.url ?? '',
    /** Each server's own client, which may do everything. */
    admins: nodes.map(({ admin }) => admin),
    /** The server that is now the master for a key. */
    async masterOf(key: string): Promise<Server> {
      const living = nodes.find(({ server }) => server.process.signalCode === null)
      if (!living) throw new Error('No server of the cluster is left')
      const slot = Number(await living.admin.call('CLUSTER', 'KEYSLOT', key))
      const shards = (await living.admin.call('CLUSTER', 'SLOTS')) as [
        number,
        number,
        [string, number, string],
      ][]
      const [, , master] = shards.find(([from, to]) => from <= slot && slot <= to) ?? []
      const node = nodes.find(({ id }) => id === master?.[2])
      if (!node) throw new Error(`No master serves ${key}`)
      return node.server
    },
    stop,
  }
}

/** Starts one server. Ports are taken one after another, for a free one is only reserved once somebody listens. */
async function startNode(
  binary: string,
  folder: string,
  number: number,
  { tls, args = [], password, before }: ClusterOptions,
): Promise<Node> {
  const tlsPort = tls && (await freePort())
  const busPort = await freePort()
  const own = await freePort()
  const port = before ? await before(own) : own
  const server = await startRedis({
    binary,
    port: own,
    args: [
      ...['--cluster-enabled', 'yes', '--cluster-port', String(busPort)],
      ...['--cluster-config-file', join(folder, `nodes-${number}.conf`), '--dir', folder],
      // A silent master is given up after this many ms; its replica takes over within a second after that.
      ...['--cluster-node-timeout', '1000'],
      // As ElastiCache has it: while one shard is away, the others serve.
      ...['--cluster-require-full-coverage', 'no'],
      ...['--repl-diskless-sync-delay', '0'],
      ...(tls ? ['--tls-port', String(tlsPort), '--tls-cluster', 'yes', '--tls-replication', 'yes'] : []),
      // The servers learn of each other's port as clients do, and with it that of their bus.
      ...(before
        ? ['--cluster-announce-port', String(port), '--cluster-announce-bus-port', String(busPort)]
        : []),
      ...(tls?.args ?? []),
      ...args,
    ],
  })
  const admin = new Redis(server.port, '127.0.0.1', {
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
    ...(password && { password }),
  })
  admin.on('error', () => {})
  const url = tls ? `rediss-cluster://127.0.0.1:${tlsPort}` : `redis-cluster://127.0.0.1:${port}`
  return { server, url, busPort, port, admin, id: String(await admin.cluster('MYID')) }
}

async function form(nodes: Node[]): Promise<void> {
  const [first, ...others] = nodes as [Node, ...Node[]]
  const masters = nodes.slice(0, 3)
  const replicas = nodes.slice(3)
  for (const [index, { admin }] of masters.entries()) {
    const [from, to] = ranges[index] ?? [0, 0]
    await admin.call('CLUSTER', 'ADDSLOTSRANGE', String(from), String(to))
    await admin.call('CLUSTER', 'SET-CONFIG-EPOCH', String(index + 1))
  }
  for (const { port, busPort } of others) {
    await first.admin.call('CLUSTER', 'MEET', '127.0.0.1', String(port), String(busPort))
  }
  await until('every server knows the others', async () => {
    const known = await Promise.all(nodes.map(({ admin }) => info(admin, 'cluster_known_nodes')))
    return known.every((count) => count === String(nodes.length))
  })
  for (const [index, { admin }] of replicas.entries()) {
    // The others may know it by hearsay only for a moment.
    await until('a replica follows its master', () =>
      admin.call('CLUSTER', 'REPLICATE', masters[index]?.id ?? '').then(
        () => true,
        () => false,
      ),
    )
  }
  await until('the cluster serves, and every replica is in step', async () => {
    const states = await Promise.all(nodes.map(({ admin }) => info(admin, 'cluster_state')))
    const links = await Promise.all(replicas.map(({ admin }) => admin.info('replication')))
    const lines = String(await first.admin.call('CLUSTER', 'NODES'))
    return (
      states.every((state) => state === 'ok') &&
      links.every((link) => link.includes('master_link_status:up')) &&
      lines.split('slave').length === replicas.length + 1
    )
  })
}

async function info(admin: Redis, field: string): Promise<string | undefined> {
  return new RegExp(`^${field}:(\\S+)`, 'm').exec(String(await admin.call('CLUSTER', 'INFO')))?.[1]
}

async function until(what: string, isTrue: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 15_000
  while (!(await isTrue())) {
    if (Date.now() > deadline) throw new Error(`It did not come about that ${what}`)
    await sleep(20)
  }
}
