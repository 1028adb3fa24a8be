import { setTimeout as sleep } from 'node:timers/promises'
import type { Write } from './history.ts'
import { products, toRequest } from './shop.ts'

/** The interval between two puts, ms. */
const putEveryMs = 200
/** The interval between two writes with an idempotency key, ms. */
const keyedEveryMs = 667
/** The most attempts of a put. A write with a key is retried until it succeeds. */
const putAttempts = 4
/** Longer than a function may take, ms. */
const timeoutMs = 10_000
/** When a client abandons a write with a key, ms. That write counts as not acknowledged. */
const longestMs = 60_000
/** The pause after an attempt without an answer, ms. */
const pauseMs = 1_000

/** The statuses of 4xx after which a client retries. */
const retriedStatuses = [409, 429]

const keyed = ['stock', 'review', 'stock', 'new product'] as const

/** Writers that begin at fixed intervals and retry. */
export interface Writers {
  /** Begins and retries nothing until `resume`. */
  pause(): void
  resume(): void
  /** Begins no more writes. Resolves when every write has succeeded, was refused or was abandoned. */
  stop(): Promise<void>
}

/**
 * Starts writers.
 *
 * @param run distinguishes the marks of this run from those of other runs
 * @param disconnectAfterMs returns how long the client of the next attempt waits before it disconnects, ms; undefined if
 *   it waits for the answer
 */
export function startWriters(
  port: number,
  run: string,
  record: (write: Write) => void,
  disconnectAfterMs: () => number | undefined,
): Writers {
  const open = new Set<Promise<void>>()
  let isStopped = false
  let resumed = Promise.withResolvers<void>()
  resumed.resolve()

  const write = async (begun: Write) => {
    const { kind, mark } = begun
    const isAbandoned = () => performance.now() > begun.start + longestMs
    for (let attempt = 1; kind === 'put' ? attempt <= putAttempts : !isAbandoned(); attempt++) {
      await resumed.promise
      const pause = await attemptWrite(port, begun, kind === 'put' ? undefined : mark, disconnectAfterMs())
      if (begun.acknowledged || begun.isRefused) break
      await sleep(pause)
    }
    begun.end = performance.now()
  }
  const begin = (kind: Write['kind'], n: number) => {
    const candidates: readonly string[] = kind === 'new product' ? [''] : products[kind]
    const id = candidates[n % candidates.length] ?? ''
    const begun: Write = { kind, id, mark: `${run} ${kind} ${n}`, start: performance.now(), refusals: [] }
    record(begun)
    const done = write(begun).then(() => void open.delete(done))
    open.add(done)
  }
  const every = async (ms: number, beginNth: (n: number) => void) => {
    for (let n = 0; !isStopped; n++) {
      await resumed.promise
      if (!isStopped) beginNth(n)
      await sleep(ms)
    }
  }
  const running = [
    every(putEveryMs, (n) => begin('put', n)),
    every(keyedEveryMs, (n) => begin(keyed[n % keyed.length] ?? 'stock', n)),
  ]
  return {
    pause() {
      resumed = Promise.withResolvers<void>()
    },
    resume: () => resumed.resolve(),
    async stop() {
      isStopped = true
      resumed.resolve()
      await Promise.all(running)
      await Promise.all(open)
    },
  }
}

/** Sends a write once, and records the result in it. Returns how long to wait before the next attempt, ms. */
async function attemptWrite(
  port: number,
  begun: Write,
  key: string | undefined,
  disconnectMs: number | undefined,
): Promise<number> {
  const { method, path, body } = toRequest(begun)
  const signal = AbortSignal.timeout(disconnectMs ?? timeoutMs)
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
    begun.refusals.push({ at, reason: `${response.status} ${answer.type ?? ''}` })
    begun.isRefused =
      response.status >= 400 && response.status < 500 && !retriedStatuses.includes(response.status)
    return Number(response.headers.get('retry-after') ?? 1) * 1000
  } catch (error) {
    if (disconnectMs !== undefined && signal.aborted) return 0
    begun.refusals.push({ at: performance.now(), reason: String(error) })
    return pauseMs
  }
}
