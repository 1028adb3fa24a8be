import { createConnection, createServer, type Server, type Socket } from 'node:net'

/** Which way bytes go: `up` to the server, `down` to the client. */
export type Direction = 'up' | 'down'

/**
 * What is done about the reply to one command: the connection is `cut` in its place, it and all after it on this
 * connection are `lost`, or it is `kept` back with all that goes down this line until `release`.
 */
export type Fault = 'cut' | 'lost' | 'kept'

/** What is on its way: bytes, or (without any) the end of a connection. */
interface Parcel {
  due: number
  to: Socket
  direction: Direction
  bytes: Buffer | undefined
}

interface Connection {
  sockets: Socket[]
  deaf: Set<Direction>
  /** The next bytes are answered with a reset. */
  isForgotten: boolean
  fault: Fault | undefined
}

/** A line to one server: all that its connections carry comes `delayMs` later each way, in order. */
export class Line {
  port = 0
  readonly #target: number
  readonly #usualDelayMs: number
  #delayMs: number
  readonly #onParcel: () => void
  #onFault: (fault: Fault) => void = () => {}
  readonly #connections = new Set<Connection>()
  readonly #parcels: Parcel[] = []
  readonly #kept: Record<Direction, Parcel[] | undefined> = { up: undefined, down: undefined }
  #server: Server | undefined
  #trap: { command: RegExp; fault: Fault; skip: number } | undefined

  constructor(target: number, delayMs: number, onParcel: () => void) {
    this.#target = target
    this.#usualDelayMs = delayMs
    this.#delayMs = delayMs
    this.#onParcel = onParcel
  }

  /** Accepts connections, on the port of the time before if there was one. */
  open(): Promise<void> {
    const server = createServer({ noDelay: true }, (client) => this.#join(client))
    this.#server = server
    return new Promise((resolve, reject) => {
      server.on('error', reject).listen(this.port, '127.0.0.1', () => {
        const address = server.address()
        this.port = typeof address === 'object' && address ? address.port : 0
        resolve()
      })
    })
  }

  /** Ends every connection; new ones are refused until `open`. */
  close(): void {
    this.#server?.close()
    this.cut()
  }

  /** Ends every connection; new ones are accepted. */
  cut(): void {
    for (const connection of this.#connections) this.#end(connection)
  }

  /** The connections that are open now carry nothing any more this way, and nobody is told. New ones work. */
  swallow(direction: Direction): void {
    for (const { deaf } of this.#connections) deaf.add(direction)
  }

  /** The connections that are open now are reset by the next bytes on them, as by a network that has forgotten them. */
  forget(): void {
    for (const connection of this.#connections) connection.isForgotten = true
  }

  /** What goes this way waits until `release`. */
  keep(direction: Direction): void {
    this.#kept[direction] ??= []
  }

  release(): void {
    for (const direction of ['up', 'down'] as const) {
      const parcels = this.#kept[direction] ?? []
      this.#kept[direction] = undefined
      for (const parcel of parcels) this.#deliver(parcel)
    }
  }

  /** Does that to the reply to the next command that matches, as its bytes are on the wire; after `skip` others. */
  trap(command: RegExp, fault: Fault, skip: number, onFault: (fault: Fault) => void): void {
    this.#trap = { command, fault, skip }
    this.#onFault = onFault
  }

  /** From now on it takes so long each way, ms. */
  delay(delayMs: number): void {
    this.#delayMs = delayMs
  }

  /** Everything as at the start: no fault, no connection. */
  async reset(): Promise<void> {
    this.#trap = undefined
    this.#delayMs = this.#usualDelayMs
    this.release()
    this.cut()
    if (!this.#server?.listening) await this.open()
  }

  /** Delivers what is due. @returns when the next is, by performance.now(); undefined where nothing is on its way */
  deliver(): number | undefined {
    const now = performance.now()
    let count = 0
    for (const parcel of this.#parcels) {
      if (parcel.due > now) break
      count++
      const kept = this.#kept[parcel.direction]
      if (kept) kept.push(parcel)
      else this.#deliver(parcel)
    }
    if (count > 0) this.#parcels.splice(0, count)
    return this.#parcels[0]?.due
  }

  #deliver({ to, bytes }: Parcel): void {
    if (bytes) to.write(bytes)
    else to.destroy()
  }

  #join(client: Socket): void {
    const server = createConnection({ port: this.#target, host: '127.0.0.1', noDelay: true })
    const connection: Connection = {
      sockets: [client, server],
      deaf: new Set(),
      isForgotten: false,
      fault: undefined,
    }
    this.#connections.add(connection)
    this.#carry(connection, client, server, 'up')
    this.#carry(connection, server, client, 'down')
  }

  #carry(connection: Connection, from: Socket, to: Socket, direction: Direction): void {
    from.on('data', (bytes) => {
      if (connection.isForgotten) return void from.resetAndDestroy()
      if (direction === 'up') this.#spring(connection, bytes)
      else if (connection.fault) return this.#fail(connection, to, bytes)
      if (!connection.deaf.has(direction)) this.#send(to, direction, bytes)
    })
    from.on('error', () => {})
    from.on('close', () => {
      this.#connections.delete(connection)
      this.#send(to, direction, undefined)
    })
  }

  #send(to: Socket, direction: Direction, bytes: Buffer | undefined): void {
    this.#parcels.push({ due: performance.now() + this.#delayMs, to, direction, bytes })
    this.#onParcel()
  }

  #spring(connection: Connection, bytes: Buffer): void {
    if (!this.#trap?.command.test(bytes.toString('latin1')) || this.#trap.skip-- > 0) return
    connection.fault = this.#trap.fault
    this.#trap = undefined
  }

  /** The server has done the command; this comes in place of its reply. */
  #fail(connection: Connection, client: Socket, reply: Buffer): void {
    const fault = connection.fault ?? 'cut'
    connection.fault = undefined
    if (fault === 'cut') this.#end(connection)
    else if (fault === 'lost') connection.deaf.add('down')
    else {
      this.keep('down')
      this.#send(client, 'down', reply)
    }
    this.#onFault(fault)
  }

  #end({ sockets }: Connection): void {
    for (const socket of sockets) socket.destroy()
  }
}
