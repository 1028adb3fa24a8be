import { type ChildProcess, fork } from 'node:child_process'
import type { Tasks } from './tasks.ts'
import { within } from './timeout.ts'

/** A process that runs one contender at a time. */
export class Worker {
  readonly #child: ChildProcess

  /**
   * @param execArgv options of Node, such as `--expose-gc`
   * @param output the file descriptor for its standard output
   */
  constructor(execArgv: string[] = [], output: number | 'inherit' = 'inherit') {
    const stdio = ['ignore', output, 'inherit', 'ipc'] as const
    this.#child = fork(new URL('workerMain.ts', import.meta.url), { execArgv, stdio: [...stdio] })
    this.#child.on('error', () => {})
  }

  /**
   * Runs a task in the process. Only one task may run at a time.
   *
   * @param limit how long the task may take, ms
   * @throws {Error} what the task threw; also if the task takes longer than `limit` or the process exits
   */
  async call<T extends keyof Tasks>(
    task: T,
    args: Parameters<Tasks[T]>[0],
    limit = 30_000,
  ): Promise<Awaited<ReturnType<Tasks[T]>>> {
    const child = this.#child
    const answer = Promise.withResolvers<Awaited<ReturnType<Tasks[T]>>>()
    const onMessage = (message: { error?: string; result: Awaited<ReturnType<Tasks[T]>> }) =>
      message.error === undefined ? answer.resolve(message.result) : answer.reject(new Error(message.error))
    const onExit = (code: number | null) =>
      answer.reject(new Error(`A worker exited with code ${code} during ${task}`))
    child.on('message', onMessage).on('exit', onExit)
    try {
      child.send({ task, args })
      return await within(limit, `${task} in a worker`, answer.promise)
    } finally {
      child.off('message', onMessage).off('exit', onExit)
    }
  }

  end() {
    this.#child.kill('SIGKILL')
  }
}

/**
 * Runs `use` with this number of workers, and ends them afterwards.
 *
 * @param output the file descriptor for their standard output. @default that of this process
 */
export async function withWorkers<T>(
  count: number,
  use: (workers: Worker[]) => Promise<T>,
  output?: number,
): Promise<T> {
  const workers = Array.from({ length: count }, () => new Worker([], output))
  try {
    return await use(workers)
  } finally {
    for (const worker of workers) worker.end()
  }
}
