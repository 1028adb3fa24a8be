import { type ChildProcess, fork } from 'node:child_process'
import { within } from './measured.ts'
import type { Tasks } from './tasks.ts'

/** A process of its own, which calls one contender after the other. */
export class Worker {
  readonly #child: ChildProcess

  /**
   * @param execArgv for Node, such as `--expose-gc`
   * @param output where its standard output goes, a file descriptor
   */
  constructor(execArgv: string[] = [], output: number | 'inherit' = 'inherit') {
    const stdio = ['ignore', output, 'inherit', 'ipc'] as const
    this.#child = fork(new URL('workerMain.ts', import.meta.url), { execArgv, stdio: [...stdio] })
    this.#child.on('error', () => {})
  }

  /**
   * Does one of the tasks in there; one at a time.
   *
   * @throws {Error} what the task threw, or that it took more than `limit` ms, or that the process ended
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
    const onExit = (code: number | null) => answer.reject(new Error(`A worker ended with ${code} in ${task}`))
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

/** Runs `use` with so many workers, and ends them. Their standard output goes to `output`, a file descriptor. */
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
