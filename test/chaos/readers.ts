import { setTimeout as sleep } from 'node:timers/promises'
import type { Read } from './history.ts'
import { ids, versionsIn } from './shop.ts'

/** So many reads begin in a second, whether those before are answered or not. */
const perSecond = 25
/** One read in so many asks for what nobody has asked for before, and one for all products in a list. */
const coldOneIn = 20
const listOneIn = 10
/** Longer than a function may take. */
const patienceMs = 10_000

const pages = [...ids.map((id) => ['product', id]), ...ids.map((id) => ['page', id])] as [
  'product' | 'page',
  string,
][]

/** What the nth reader asks for, in an order in which each entry has its turn in little more than a second. */
function asked(n: number): { path: string; entries: string[]; exists: boolean } {
  if (n % coldOneIn === 0)
    return { path: `/products/cold-${n}`, entries: [`product cold-${n}`], exists: false }
  if (n % listOneIn === 1)
    return { path: `/products?ids=${ids.join()}`, entries: ids.map((id) => `listed ${id}`), exists: true }
  const [kind, id] = pages[(n * 7) % pages.length] ?? ['product', '']
  return {
    path: `/products/${id}${kind === 'page' ? '/page' : ''}`,
    entries: [`${kind} ${id}`],
    exists: true,
  }
}

/**
 * Readers, each of whom asks once and is gone.
 *
 * @param ports of the processes that answer, one after another
 * @param patience how long the nth reader waits before it leaves, ms; undefined: until it is answered
 * @returns what ends them; resolves when the last one has gone
 */
export function startReaders(
  ports: number[],
  note: (read: Read) => void,
  patience: (n: number) => number | undefined,
): () => Promise<void> {
  const open = new Set<Promise<void>>()
  const end = new AbortController()
  const run = async () => {
    const start = performance.now()
    for (let n = 0; !end.signal.aborted; n++) {
      const wait = start + (n * 1000) / perSecond - performance.now()
      if (wait > 0) await sleep(wait)
      const sandbox = Math.floor(n / 2) % ports.length
      const read = ask(n, sandbox, ports[sandbox] ?? 0, patience(n)).then((done) => {
        open.delete(read)
        if (done) note(done)
      })
      open.add(read)
    }
  }
  const running = run()
  return async () => {
    end.abort()
    await running
    await Promise.all(open)
  }
}

/** @returns undefined for a reader that left */
async function ask(
  n: number,
  sandbox: number,
  port: number,
  leaveMs: number | undefined,
): Promise<Read | undefined> {
  const { path, entries, exists } = asked(n)
  const start = performance.now()
  const read = { start, sandbox, entries }
  const signal = AbortSignal.timeout(leaveMs ?? patienceMs)
  try {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { signal })
    const answer = await response.json()
    const isRight = response.status === (exists ? 200 : 404)
    return {
      ...read,
      end: performance.now(),
      versions: exists && isRight ? versionsIn(answer) : {},
      cache: response.headers.get('cache-status') ?? '',
      ...(!isRight && { failure: `${response.status} ${answer.type ?? ''}` }),
    }
  } catch (error) {
    if (leaveMs !== undefined && signal.aborted) return undefined
    return { ...read, end: performance.now(), versions: {}, cache: '', failure: String(error) }
  }
}
