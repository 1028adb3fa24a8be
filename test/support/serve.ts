/** What a worker of ./workers.ts can be asked to do. Requests and answers pass as JSON. */
export type Methods = Record<string, (request: never) => Promise<unknown>>

/** What passes from a worker to its starter. */
export type Message<Event> =
  | { ready: true }
  | { call: number; answer: unknown }
  | { call: number; error: string }
  | { event: Event }

/** What passes from the starter to its worker. */
export interface Call {
  call: number
  method: string
  request: unknown
}

/** What the starter has said at the start. */
export const setupOf = <Setup>(): Setup => JSON.parse(process.argv[2] ?? 'null')

/** Answers the starter's calls until it, or this process, ends. */
export function serve(methods: Methods): void {
  process.on('message', async ({ call, method, request }: Call) => {
    try {
      say({ call, answer: await methods[method]?.(request as never) })
    } catch (error) {
      say({ call, error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
    }
  })
  process.on('disconnect', () => process.exit())
  // Ctrl-C reaches every process of the terminal; the starter decides what becomes of this one.
  process.on('SIGINT', () => {})
  say({ ready: true })
}

/** Tells the starter of something. */
export const tell = <Event>(event: Event): void => say({ event })

function say(message: Message<unknown>): void {
  if (process.connected) process.send?.(message)
}
