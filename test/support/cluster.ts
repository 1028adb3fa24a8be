import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { freePort } from '../../lib/local/servers/ports.ts'
import { findRedisBinary, startRedis } from '../../lib/local/servers/redisServer.ts'
import type { Server } from '../../lib/local/servers/server.ts'
import { temporaryDirectory } from './temporaryDirectory.ts'

/** A server of a cluster, with a client that manages it. */
interface Node {
  server: Server
  url: string
  /** The port of the cluster bus, on which the servers talk to each other. */
  busPort: number
  /** The port that the server announces to clients and to the other servers. */
  port: number
  admin: Redis
  id: string
}

/** The first and the last slot of each of the three masters. */
const ranges = [
  [0, 5460],
  [5461, 10_922],
  [10_923, 16_383],
] as const

/** Additional settings of every server. */
export interface ClusterOptions {
  /** Clients, replicas and the cluster bus use TLS. The plain port stays open for the test itself. */
  tls?: { args: string[] }
  args?: string[]
  /** The password of the user `default`, if `args` set one. */
  password?: string
  /** Puts a proxy in front of the server on this port, and returns the port of the proxy. */
  proxy?: (port: number) => Promise<number>
  /** Whether each master has a replica that can take over. @default true */
  replicas?: boolean
}

/** Starts three masters, each with a replica, and waits until they serve as one cluster. */
export async function startCluster(options: ClusterOptions = {}) {
  const binary = findRedisBinary()
  if (!binary) throw new Error('No valkey-server or redis-server on PATH')
  const directory = temporaryDirectory('aisle-cluster-')
  const nodes: Node[] = []
  const stop = async () => {
    for (const { admin } of nodes) admin.disconnect()
    await Promise.all(nodes.map(({ server }) => server.stop('SIGKILL')))
  }
  try {
    const count = options.replicas === false ? 3 : 6
    for (let number = 0; number < count; number++)
      nodes.push(await startNode(binary, directory, number, options))
    await formCluster(nodes)
  } catch (error) {
    await stop()
    throw error
  }
  return {
    /** The address that a client connects to first. */
    url: nodes[0]?.url ?? '',
    /** One client for each server. It may run every command. */
    admins: nodes.map(({ admin }) => admin),
    /** Returns the current master of a key. */
    async masterOf(key: string): Promise<Server> {
      const running = nodes.find(({ server }) => server.process.signalCode === null)
      if (!running) throw new Error('No server of the cluster is running')
      const slot = Number(await running.admin.call('CLUSTER', 'KEYSLOT', key))
      const shards = (await running.admin.call('CLUSTER', 'SLOTS')) as [
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

/** Starts one server. Ports are chosen one at a time, because a free port is taken only when a server listens on it. */
async function startNode(
  binary: string,
  directory: string,
  number: number,
  { tls, args = [], password, proxy }: ClusterOptions,
): Promise<Node> {
  const tlsPort = tls && (await freePort())
  const busPort = await freePort()
  const serverPort = await freePort()
  const port = proxy ? await proxy(serverPort) : serverPort
  const server = await startRedis({
    binary,
    port: serverPort,
    args: [
      ...['--cluster-enabled', 'yes', '--cluster-port', String(busPort)],
      ...['--cluster-config-file', join(directory, `nodes-${number}.conf`), '--dir', directory],
      // A master that is silent for this many ms counts as failed. Its replica takes over within another second.
      ...['--cluster-node-timeout', '1000'],
      // As on ElastiCache: while one shard is down, the others serve.
      ...['--cluster-require-full-coverage', 'no'],
      ...['--repl-diskless-sync-delay', '0'],
      ...(tls ? ['--tls-port', String(tlsPort), '--tls-cluster', 'yes', '--tls-replication', 'yes'] : []),
      // The servers learn the ports of the others, including the bus ports, from what each one announces.
      ...(proxy
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

async function formCluster(nodes: Node[]): Promise<void> {
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
  await waitUntil('every server knows the others', async () => {
    const known = await Promise.all(nodes.map(({ admin }) => info(admin, 'cluster_known_nodes')))
    return known.every((count) => count === String(nodes.length))
  })
  for (const [index, { admin }] of replicas.entries()) {
    // For a moment a server may know another one only through gossip.
    await waitUntil('a replica follows its master', () =>
      admin.call('CLUSTER', 'REPLICATE', masters[index]?.id ?? '').then(
        () => true,
        () => false,
      ),
    )
  }
  await waitUntil('the cluster serves, and every replica is in sync', async () => {
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

async function waitUntil(condition: string, isTrue: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 15_000
  while (!(await isTrue())) {
    if (Date.now() > deadline) throw new Error(`Timed out after 15 s: ${condition}`)
    await sleep(20)
  }
}
