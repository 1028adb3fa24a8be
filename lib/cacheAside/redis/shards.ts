import calculateSlot from 'cluster-key-slot'
import { Cluster, type Redis } from 'ioredis'
import { Breaker } from '../guards/breaker.ts'
import { Connection } from '../guards/connection.ts'
import type { Owed } from './owed.ts'

/** Where keys lie while a cluster's client has not learnt yet which nodes there are. */
const unknown = 'unknown'

/**
 * The shards of a Redis, each with its breaker; a single server is one shard. A hit beside other
 * reads looks at nothing but `calm`: no failure is counted, no removal is owed, and all shards were proven to take writes
 * a short while ago.
 */
export class Shards {
  calm = false
  readonly #redis: Redis | Cluster
  readonly #owed: Owed
  readonly #onForgotten: (shard: string) => void
  readonly #breakers = new Map<string, Breaker>()
  readonly #connectMs: number
  /** Of the client as a whole; and of the nodes of a cluster, by their addresses. */
  readonly #connection: Connection
  readonly #connections = new Map<string, Connection>()
  /** The servers that there is a connection to, or will be. */
  readonly #nodes = new Set<Redis>()
  /** Of a single server. */
  readonly #only: Breaker | undefined

  /**
   * @param connectMs the most that calls wait for a connection that is being made
   * @param onForgotten told of a shard that serves nothing any more
   */
  constructor(redis: Redis | Cluster, owed: Owed, connectMs: number, onForgotten: (shard: string) => void) {
    this.#redis = redis
    this.#owed = owed
    this.#onForgotten = onForgotten
    this.#connectMs = connectMs
    this.#connection = new Connection(connectMs)
    this.#connection.follow(redis)
    if (redis instanceof Cluster) {
      for (const node of redis.nodes()) this.#join(node)
      redis.on('+node', (node: Redis) => {
        this.#join(node)
        this.#renew(addressOf(node))
      })
      redis.on('-node', (node: Redis) => this.#nodes.delete(node))
      redis.on('refresh', () => this.#learn())
    } else {
      this.#nodes.add(redis)
      this.#only = this.#breaker(addressOf(redis))
      for (const event of ['ready', 'close']) redis.on(event, () => this.#renew(this.#only?.shard ?? ''))
    }
  }

  /** The shard that a key lies in. */
  of(key: string): Breaker {
    if (this.#only) return this.#only
    const { slots } = this.#redis as Cluster
    return this.#breaker(slots[calculateSlot(key)]?.[0] ?? unknown)
  }

  /** Looks whether all is calm, at a moment by performance.now(). */
  look(now: number): boolean {
    this.calm = !this.#owed.any && this.#breakers.size > 0
    for (const breaker of this.#breakers.values()) this.calm &&= breaker.calmUntil > now
    return this.calm
  }

  /**
   * Holds back what is written to the servers, so that it leaves in one system call for each, which costs more than all
   * the rest of a read.
   *
   * @returns lets it go
   */
  cork(): () => void {
    const streams: Redis['stream'][] = []
    for (const { stream } of this.#nodes) {
      if (!stream) continue
      stream.cork()
      streams.push(stream)
    }
    return () => {
      for (const stream of streams) stream.uncork()
    }
  }

  /** Begins to connect where nothing was sent yet, so that who comes next finds it done. */
  connect(): void {
    // What it cannot, the first command will be told.
    if (this.#redis.status === 'wait') this.#redis.connect().catch(() => {})
  }

  #join(node: Redis): void {
    this.#nodes.add(node)
    this.#connectionTo(addressOf(node)).follow(node)
    node.on('close', () => this.#renew(addressOf(node)))
  }

  #connectionTo(address: string): Connection {
    const known = this.#connections.get(address)
    if (known) return known
    const connection = new Connection(this.#connectMs, this.#connection)
    this.#connections.set(address, connection)
    return connection
  }

  /** A new connection, or one that is lost. */
  #renew(shard: string): void {
    this.calm = false
    this.#breakers.get(shard)?.forgetProof()
  }

  /** A cluster has told who serves what: each of them has to prove itself before all is calm, and the others count no more. */
  #learn(): void {
    const masters = new Set((this.#redis as Cluster).slots.map(([master = unknown]) => master))
    for (const master of masters) this.#breaker(master)
    for (const shard of this.#breakers.keys()) {
      if (masters.has(shard)) continue
      this.#breakers.delete(shard)
      this.#onForgotten(shard)
    }
  }

  #breaker(shard: string): Breaker {
    const known = this.#breakers.get(shard)
    if (known) return known
    const ofNode = this.#redis instanceof Cluster && shard !== unknown ? [this.#connectionTo(shard)] : []
    const breaker = new Breaker(shard, [this.#connection, ...ofNode])
    this.#breakers.set(shard, breaker)
    this.calm = false
    return breaker
  }
}

const addressOf = ({ options }: Redis): string => `${options.host}:${options.port}`
