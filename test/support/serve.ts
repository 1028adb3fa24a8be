/** The methods of a worker of ./workers.ts. Requests and answers are sent as JSON. */
export type Methods = Record<string, (request: never) => Promise<unknown>>

/** A message from a worker to its starter. */
export type Message<Event> =
  | { ready: true }
  | { call: number; answer: unknown }
  | { call: number; error: string }
  | { event: Event }

/** A message from the starter to a worker. */
export interface Call {
  call: number
  method: string
  request: unknown
}

/** Returns the setup that the starter passed to this process. */
export const readSetup = <Setup>(): Setup => JSON.parse(process.argv[2] ?? 'null')

/** Answers the starter's calls until the starter or this process ends. */
export function serve(methods: Methods): void {
  process.on('message', async ({ call, method, request }: Call) => {
    const run = methods[method] as ((request: unknown) => Promise<unknown>) | undefined
    try {
      send({ call, answer: await run?.(request) })
    } catch (error) {
      send({ call, error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
    }
  })
  process.on('disconnect', () => process.exit())
  // Ctrl-C reaches every process of the terminal. The starter decides when this one ends.
  process.on('SIGINT', () => {})
  send({ ready: true })
}

/** Sends an event to the starter. */
export const sendEvent = <Event>(event: Event): void => send({ event })

function send(message: Message<unknown>): void {
  if (process.connected) process.send?.(message)
}
