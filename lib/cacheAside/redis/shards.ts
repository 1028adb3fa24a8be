import calculateSlot from 'cluster-key-slot'
import { Cluster, type Redis } from 'ioredis'
import { Breaker } from '../guards/breaker.ts'
import { Connection } from '../guards/connection.ts'
import type { Outbox } from './outbox.ts'

/** The shard of all keys while the client of a cluster does not know the nodes yet. */
const unknownShard = 'unknown'

/**
 * The shards of a Redis, each with its breaker; a single server is one shard.
 *
 * `isHealthy` means that no failure is counted, the outbox is empty, and every shard has proven recently that
 * it takes writes. A hit checks nothing else while other reads are under way.
 */
export class Shards {
  isHealthy = false
  readonly #redis: Redis | Cluster
  readonly #outbox: Outbox
  readonly #onShardGone: (shard: string) => void
  readonly #breakers = new Map<string, Breaker>()
  readonly #connectMs: number
  /** The connection of the client as a whole. */
  readonly #connection: Connection
  /** The connections to the nodes of a cluster, by address. */
  readonly #nodeConnections = new Map<string, Connection>()
  /** The servers that the client is connected to, or will be. */
  readonly #nodes = new Set<Redis>()
  /** The breaker of a single server. */
  readonly #single: Breaker | undefined

  /**
   * @param connectMs how long calls wait for a connection attempt, in ms
   * @param onShardGone called with a shard that serves no slots any more
   */
  constructor(
    redis: Redis | Cluster,
    outbox: Outbox,
    connectMs: number,
    onShardGone: (shard: string) => void,
  ) {
    this.#redis = redis
    this.#outbox = outbox
    this.#onShardGone = onShardGone
    this.#connectMs = connectMs
    this.#connection = new Connection(connectMs)
    this.#connection.follow(redis)
    if (redis instanceof Cluster) {
      for (const node of redis.nodes()) this.#addNode(node)
      redis.on('+node', (node: Redis) => {
        this.#addNode(node)
        this.#forgetProof(addressOf(node))
      })
      redis.on('-node', (node: Redis) => this.#nodes.delete(node))
      redis.on('refresh', () => this.#updateShards())
    } else {
      this.#nodes.add(redis)
      this.#single = this.#getBreaker(addressOf(redis))
      for (const event of ['ready', 'close'])
        redis.on(event, () => this.#forgetProof(this.#single?.shard ?? ''))
    }
  }

  /** Returns the breaker of the shard that a key belongs to. */
  of(key: string): Breaker {
    if (this.#single) return this.#single
    const { slots } = this.#redis as Cluster
    return this.#getBreaker(slots[calculateSlot(key)]?.[0] ?? unknownShard)
  }

  /** Updates `isHealthy`, and returns it. @param now by performance.now() */
  refreshHealth(now: number): boolean {
    this.isHealthy = !this.#outbox.hasAny && this.#breakers.size > 0
    for (const breaker of this.#breakers.values()) this.isHealthy &&= breaker.healthyUntil > now
    return this.isHealthy
  }

  /**
   * Holds back what is written to the servers, so that it leaves in one system call for each server. A system
   * call costs more than everything else that a read does.
   *
   * @returns the function that releases it
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

  /** Begins to connect if no command was sent yet, so that the next command finds the connection ready. */
  connect(): void {
    // If the attempt fails, the first command reports it.
    if (this.#redis.status === 'wait') this.#redis.connect().catch(() => {})
  }

  #addNode(node: Redis): void {
    this.#nodes.add(node)
    this.#connectionTo(addressOf(node)).follow(node)
    node.on('close', () => this.#forgetProof(addressOf(node)))
  }

  #connectionTo(address: string): Connection {
    const known = this.#nodeConnections.get(address)
    if (known) return known
    const connection = new Connection(this.#connectMs, this.#connection)
    this.#nodeConnections.set(address, connection)
    return connection
  }

  /** Makes a shard prove itself again, because a connection to it is new or lost. */
  #forgetProof(shard: string): void {
    this.isHealthy = false
    this.#breakers.get(shard)?.forgetProof()
  }

  /**
   * Adds and drops shards when a cluster has reported its slots. A new shard has to prove itself before all
   * are healthy.
   */
  #updateShards(): void {
    const masters = new Set((this.#redis as Cluster).slots.map(([master = unknownShard]) => master))
    for (const master of masters) this.#getBreaker(master)
    for (const shard of this.#breakers.keys()) {
      if (masters.has(shard)) continue
      this.#breakers.delete(shard)
      this.#onShardGone(shard)
    }
  }

  #getBreaker(shard: string): Breaker {
    const known = this.#breakers.get(shard)
    if (known) return known
    const toNode = this.#redis instanceof Cluster && shard !== unknownShard ? [this.#connectionTo(shard)] : []
    const breaker = new Breaker(shard, [this.#connection, ...toNode])
    this.#breakers.set(shard, breaker)
    this.isHealthy = false
    return breaker
  }
}

const addressOf = ({ options }: Redis): string => `${options.host}:${options.port}`
