/** Creates a queue that runs tasks with the same key one after another, in call order, and other tasks concurrently. */
export function createKeyedQueue(): <T>(key: string, task: () => Promise<T>) => Promise<T> {
  const lastTask = new Map<string, Promise<unknown>>()
  return async (key, task) => {
    const previous = lastTask.get(key)
    const current = previous ? previous.then(task, task) : task()
    lastTask.set(key, current)
    try {
      return await current
    } finally {
      if (lastTask.get(key) === current) lastTask.delete(key)
    }
  }
}
