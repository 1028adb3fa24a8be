import { setTimeout as sleep } from 'node:timers/promises'
import type { Write } from './history.ts'
import { products, requestOf } from './shop.ts'

/** How often a product is put, and how often something is written under an idempotency key, ms. */
const putEveryMs = 200
const keyedEveryMs = 667
/** How often a put is tried; what has a key is tried until it is done. */
const putAttempts = 4
/** Longer than a function may take. */
const patienceMs = 10_000
/** When a write with a key is given up all the same, ms: then it is told as not acknowledged. */
const longestMs = 60_000
/** After an attempt that nobody answered, ms. */
const pauseMs = 1_000

/** Answers of 4xx after which a client tries again. */
const again = [409, 429]

const keyed = ['stock', 'review', 'stock', 'new product'] as const

/** Writers, who begin one after another and try again what was refused. */
export interface Writers {
  /** Nobody begins or tries again until `goOn`. */
  rest(): void
  goOn(): void
  /** Nobody begins any more; resolves when all that have a key are done, and the others done or given up. */
  end(): Promise<void>
}

/**
 * @param run tells the marks of this fault apart from those of another
 * @param leaveMs how long the next attempt is waited for before its client leaves, ms; undefined: until it is answered
 */
export function startWriters(
  port: number,
  run: string,
  note: (write: Write) => void,
  leaveMs: () => number | undefined,
): Writers {
  const open = new Set<Promise<void>>()
  let isOver = false
  let rested = Promise.withResolvers<void>()
  rested.resolve()

  const write = async (begun: Write) => {
    const { kind, mark } = begun
    const isOver = () => performance.now() > begun.start + longestMs
    for (let attempt = 1; kind === 'put' ? attempt <= putAttempts : !isOver(); attempt++) {
      await rested.promise
      const pause = await tryOnce(port, begun, kind === 'put' ? undefined : mark, leaveMs())
      if (begun.acknowledged || begun.isRefused) break
      await sleep(pause)
    }
    begun.end = performance.now()
  }
  const begin = (kind: Write['kind'], n: number) => {
    const own: readonly string[] = kind === 'new product' ? [''] : products[kind]
    const mark = `${run} ${kind} ${n}`
    const begun: Write = { kind, id: own[n % own.length] ?? '', mark, start: performance.now(), refusals: [] }
    note(begun)
    const done = write(begun).then(() => void open.delete(done))
    open.add(done)
  }
  const every = async (ms: number, next: (n: number) => void) => {
    for (let n = 0; !isOver; n++) {
      await rested.promise
      if (!isOver) next(n)
      await sleep(ms)
    }
  }
  const running = [
    every(putEveryMs, (n) => begin('put', n)),
    every(keyedEveryMs, (n) => begin(keyed[n % keyed.length] ?? 'stock', n)),
  ]
  return {
    rest() {
      rested = Promise.withResolvers<void>()
    },
    goOn: () => rested.resolve(),
    async end() {
      isOver = true
      rested.resolve()
      await Promise.all(running)
      await Promise.all(open)
    },
  }
}

/** @returns how long to wait before the next attempt, ms */
async function tryOnce(
  port: number,
  begun: Write,
  key: string | undefined,
  leaveMs: number | undefined,
): Promise<number> {
  const { method, path, body } = requestOf(begun)
  const signal = AbortSignal.timeout(leaveMs ?? patienceMs)
  try {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      body: JSON.stringify(body),
      headers: {
        'content-type': 'application/json',
        ...(key && { 'idempotency-key': key.replaceAll(' ', '-') }),
      },
      signal,
    })
    const answer = await response.json()
    const at = performance.now()
    if (response.ok) {
      const isDone = response.headers.get('cache-status')?.includes('invalidation-done')
      const { version } = begun.kind === 'review' ? {} : answer
      begun.acknowledged = { at, ...(version && { version }), invalidation: isDone ? 'done' : 'deferred' }
      return 0
    }
    begun.refusals.push({ at, why: `${response.status} ${answer.type ?? ''}` })
    begun.isRefused = response.status >= 400 && response.status < 500 && !again.includes(response.status)
    return Number(response.headers.get('retry-after') ?? 1) * 1000
  } catch (error) {
    if (leaveMs !== undefined && signal.aborted) return 0
    begun.refusals.push({ at: performance.now(), why: String(error) })
    return pauseMs
  }
}
