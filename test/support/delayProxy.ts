import { createConnection, createServer, type Server, type Socket } from 'node:net'

/** The direction of bytes: `up` to the server, `down` to the client. */
export type Direction = 'up' | 'down'

/**
 * What happens to the reply to one command:
 *
 * - `cut`: the connection ends instead.
 * - `lost`: the reply and everything after it on the connection is dropped.
 * - `held`: the reply and everything after it to any client waits until `release`.
 */
export type Fault = 'cut' | 'lost' | 'held'

/** Bytes in transit. Without bytes it is the end of the connection. */
interface Chunk {
  due: number
  to: Socket
  direction: Direction
  bytes: Buffer | undefined
}

interface Connection {
  sockets: Socket[]
  /** The directions in which bytes are dropped. */
  dropped: Set<Direction>
  /** Whether the next bytes reset the connection. */
  isForgotten: boolean
  fault: Fault | undefined
}

/** A proxy to one server. It delays all bytes by `delayMs` in each direction and keeps their order. */
export class DelayProxy {
  port = 0
  readonly #target: number
  readonly #usualDelayMs: number
  #delayMs: number
  readonly #onSend: () => void
  #onFault: (fault: Fault) => void = () => {}
  readonly #connections = new Set<Connection>()
  readonly #inTransit: Chunk[] = []
  readonly #held: Record<Direction, Chunk[] | undefined> = { up: undefined, down: undefined }
  #server: Server | undefined
  #trap: { command: RegExp; fault: Fault; skip: number } | undefined

  constructor(target: number, delayMs: number, onSend: () => void) {
    this.#target = target
    this.#usualDelayMs = delayMs
    this.#delayMs = delayMs
    this.#onSend = onSend
  }

  /** Accepts connections. After `close` it uses the same port again. */
  open(): Promise<void> {
    const server = createServer({ noDelay: true }, (client) => this.#connect(client))
    this.#server = server
    return new Promise((resolve, reject) => {
      server.on('error', reject).listen(this.port, '127.0.0.1', () => {
        const address = server.address()
        this.port = typeof address === 'object' && address ? address.port : 0
        resolve()
      })
    })
  }

  /** Ends every connection and refuses new ones until `open`. */
  close(): void {
    this.#server?.close()
    this.cut()
  }

  /** Ends every connection. New ones work. */
  cut(): void {
    for (const connection of this.#connections) this.#end(connection)
  }

  /** Silently drops everything in this direction on the connections that are open now. New ones work. */
  swallow(direction: Direction): void {
    for (const { dropped } of this.#connections) dropped.add(direction)
  }

  /** Resets each connection that is open now when its next bytes arrive, as a network that lost its state does. */
  forget(): void {
    for (const connection of this.#connections) connection.isForgotten = true
  }

  /** Holds everything in this direction until `release`. */
  hold(direction: Direction): void {
    this.#held[direction] ??= []
  }

  release(): void {
    for (const direction of ['up', 'down'] as const) {
      const chunks = this.#held[direction] ?? []
      this.#held[direction] = undefined
      for (const chunk of chunks) this.#deliver(chunk)
    }
  }

  /** Applies a fault to the reply to the next command whose bytes match, after `skip` other matching commands. */
  trap(command: RegExp, fault: Fault, skip: number, onFault: (fault: Fault) => void): void {
    this.#trap = { command, fault, skip }
    this.#onFault = onFault
  }

  /** Sets the delay in each direction, ms. */
  delay(delayMs: number): void {
    this.#delayMs = delayMs
  }

  /** Removes every fault, ends every connection, and restores the delay. */
  async reset(): Promise<void> {
    this.#trap = undefined
    this.#delayMs = this.#usualDelayMs
    this.release()
    this.cut()
    if (!this.#server?.listening) await this.open()
  }

  /** Delivers what is due. @returns when the next chunk is due, by performance.now(), or undefined without one */
  deliver(): number | undefined {
    const now = performance.now()
    let count = 0
    for (const chunk of this.#inTransit) {
      if (chunk.due > now) break
      count++
      const held = this.#held[chunk.direction]
      if (held) held.push(chunk)
      else this.#deliver(chunk)
    }
    if (count > 0) this.#inTransit.splice(0, count)
    return this.#inTransit[0]?.due
  }

  #deliver({ to, bytes }: Chunk): void {
    if (bytes) to.write(bytes)
    else to.destroy()
  }

  #connect(client: Socket): void {
    const server = createConnection({ port: this.#target, host: '127.0.0.1', noDelay: true })
    const connection: Connection = {
      sockets: [client, server],
      dropped: new Set(),
      isForgotten: false,
      fault: undefined,
    }
    this.#connections.add(connection)
    this.#forward(connection, client, server, 'up')
    this.#forward(connection, server, client, 'down')
  }

  #forward(connection: Connection, from: Socket, to: Socket, direction: Direction): void {
    from.on('data', (bytes) => {
      if (connection.isForgotten) return void from.resetAndDestroy()
      if (direction === 'up') this.#springTrap(connection, bytes)
      else if (connection.fault) return this.#applyFault(connection, to, bytes)
      if (!connection.dropped.has(direction)) this.#send(to, direction, bytes)
    })
    from.on('error', () => {})
    from.on('close', () => {
      this.#connections.delete(connection)
      this.#send(to, direction, undefined)
    })
  }

  #send(to: Socket, direction: Direction, bytes: Buffer | undefined): void {
    this.#inTransit.push({ due: performance.now() + this.#delayMs, to, direction, bytes })
    this.#onSend()
  }

  #springTrap(connection: Connection, bytes: Buffer): void {
    if (!this.#trap?.command.test(bytes.toString('latin1')) || this.#trap.skip-- > 0) return
    connection.fault = this.#trap.fault
    this.#trap = undefined
  }

  /** Applies the fault in place of the reply. The server has executed the command. */
  #applyFault(connection: Connection, client: Socket, reply: Buffer): void {
    const fault = connection.fault ?? 'cut'
    connection.fault = undefined
    if (fault === 'cut') this.#end(connection)
    else if (fault === 'lost') connection.dropped.add('down')
    else {
      this.hold('down')
      this.#send(client, 'down', reply)
    }
    this.#onFault(fault)
  }

  #end({ sockets }: Connection): void {
    for (const socket of sockets) socket.destroy()
  }
}
