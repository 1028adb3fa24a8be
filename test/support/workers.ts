import { type ChildProcess, fork } from 'node:child_process'
import type { Call, Message, Methods } from './serve.ts'

/** A process that its starter asks by calls, see ./serve.ts. Ends with its starter at the latest. */
export interface Worker<M extends Methods> {
  process: ChildProcess
  /** @throws {Error} what the worker threw, or that it ended first */
  call<K extends keyof M & string>(
    method: K,
    ...request: Parameters<M[K]>
  ): Promise<Awaited<ReturnType<M[K]>>>

  /** Ends it with SIGKILL, in the middle of whatever it is doing; resolves when it is gone. */
  kill(): Promise<void>
}

/**
 * Starts a process.
 *
 * @param file a module that calls `serve`
 * @param setup what it gets from `setupOf`
 * @param onEvent gets what it tells
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
  let said = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-4000)
  })
  const calls = new Map<number, { resolve: (answer: unknown) => void; reject: (error: Error) => void }>()
  let count = 0
  const ready = Promise.withResolvers<void>()
  const ended = new Promise<void>((resolve) =>
    child.on('exit', (code, signal) => {
      const error = new Error(`The worker ended with ${signal ?? code}\n${said}`)
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
      // A test that failed meanwhile asks no more.
      answer.catch(() => {})
      return answer
    },
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
  }
}
