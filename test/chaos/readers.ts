import { setTimeout as sleep } from 'node:timers/promises'
import type { Read } from './history.ts'
import { ids, versionsIn } from './shop.ts'

/** How many reads begin each second, whether or not earlier reads were answered. */
const perSecond = 25
/** One of so many reads requests a product that no reader has requested before. */
const coldOneIn = 20
/** One of so many reads requests all products as a list. */
const listOneIn = 10
/** Longer than a function may take, ms. */
const timeoutMs = 10_000

const single: ['product' | 'page', string][] = [
  ...ids.map((id) => ['product', id] as ['product', string]),
  ...ids.map((id) => ['page', id] as ['page', string]),
]

/** Returns the nth request. Each entry is requested about once a second. */
function toRequest(n: number): { path: string; entries: string[]; exists: boolean } {
  if (n % coldOneIn === 0)
    return { path: `/products/cold-${n}`, entries: [`product cold-${n}`], exists: false }
  if (n % listOneIn === 1)
    return { path: `/products?ids=${ids.join()}`, entries: ids.map((id) => `listed ${id}`), exists: true }
  const [kind, id] = single[(n * 7) % single.length] ?? ['product', '']
  return {
    path: `/products/${id}${kind === 'page' ? '/page' : ''}`,
    entries: [`${kind} ${id}`],
    exists: true,
  }
}

/**
 * Starts readers. Each sends one request.
 *
 * @param ports of the processes that answer, in turn
 * @param disconnectAfterMs returns how long the next reader waits before it disconnects, ms; undefined if it waits for
 *   its answer
 * @returns a function that stops them; it resolves when the last reader has ended
 */
export function startReaders(
  ports: number[],
  record: (read: Read) => void,
  disconnectAfterMs: () => number | undefined,
): () => Promise<void> {
  const open = new Set<Promise<void>>()
  const end = new AbortController()
  const run = async () => {
    const start = performance.now()
    for (let n = 0; !end.signal.aborted; n++) {
      const wait = start + (n * 1000) / perSecond - performance.now()
      if (wait > 0) await sleep(wait)
      const process = Math.floor(n / 2) % ports.length
      const reader = read(n, process, ports[process] ?? 0, disconnectAfterMs()).then((result) => {
        open.delete(reader)
        if (result) record(result)
      })
      open.add(reader)
    }
  }
  const running = run()
  return async () => {
    end.abort()
    await running
    await Promise.all(open)
  }
}

/** Sends the nth request. Returns undefined if the reader disconnected. */
async function read(
  n: number,
  process: number,
  port: number,
  disconnectMs: number | undefined,
): Promise<Read | undefined> {
  const { path, entries, exists } = toRequest(n)
  const begun = { start: performance.now(), process, entries }
  const signal = AbortSignal.timeout(disconnectMs ?? timeoutMs)
  try {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { signal })
    const answer = await response.json()
    const isExpected = response.status === (exists ? 200 : 404)
    return {
      ...begun,
      end: performance.now(),
      versions: exists && isExpected ? versionsIn(answer) : {},
      cache: response.headers.get('cache-status') ?? '',
      ...(!isExpected && { failure: `${response.status} ${answer.type ?? ''}` }),
    }
  } catch (error) {
    if (disconnectMs !== undefined && signal.aborted) return undefined
    return { ...begun, end: performance.now(), versions: {}, cache: '', failure: String(error) }
  }
}
