import { type ChildProcess, fork } from 'node:child_process'
import type { Call, Message, Methods } from './serve.ts'

/** A process that answers calls of its starter, see ./serve.ts. It ends with its starter at the latest. */
export interface Worker<M extends Methods> {
  process: ChildProcess
  /** @throws {Error} that the worker threw, or if the worker ends first */
  call<K extends keyof M & string>(
    method: K,
    ...request: Parameters<M[K]>
  ): Promise<Awaited<ReturnType<M[K]>>>

  /** Ends the process with SIGKILL. Resolves when it has ended. */
  kill(): Promise<void>
}

/**
 * Starts a worker process.
 *
 * @param file a module that calls `serve`
 * @param setup the value that `readSetup` returns in the worker
 * @param onEvent receives the events that the worker sends
 */
export async function startWorker<M extends Methods, Event>(
  file: URL,
  setup: unknown,
  onEvent: (event: Event) => void = () => {},
): Promise<Worker<M>> {
  const child = fork(file, [JSON.stringify(setup)], {
    execArgv: [],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  let errorOutput = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    errorOutput = (errorOutput + text).slice(-4000)
  })
  const calls = new Map<number, { resolve: (answer: unknown) => void; reject: (error: Error) => void }>()
  let count = 0
  const ready = Promise.withResolvers<void>()
  const ended = new Promise<void>((resolve) =>
    child.on('exit', (code, signal) => {
      const error = new Error(`The worker ended with ${signal ?? code}\n${errorOutput}`)
      ready.reject(error)
      for (const { reject } of calls.values()) reject(error)
      calls.clear()
      resolve()
    }),
  )
  child.on('message', (message: Message<Event>) => {
    if ('ready' in message) return ready.resolve()
    if ('event' in message) return onEvent(message.event)
    const call = calls.get(message.call)
    calls.delete(message.call)
    if ('error' in message) call?.reject(new Error(message.error))
    else call?.resolve(message.answer)
  })
  try {
    await ready.promise
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  }
  return {
    process: child,
    call(method, ...[request]) {
      const call: Call = { call: count++, method, request }
      const answer = new Promise<never>((resolve, reject) => {
        calls.set(call.call, { resolve: resolve as (answer: unknown) => void, reject })
        child.send(call, (error) => error && reject(error))
      })
      // If the test fails meanwhile, nothing awaits this answer.
      answer.catch(() => {})
      return answer
    },
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
  }
}
