import type { Fault } from './faults.ts'

/** A span of time, by the clock that all processes share, ms. */
export interface Span {
  start: number
  end: number
}

/** A fault of Redis, from its beginning to its end. */
export interface FaultSpan extends Span {
  fault: Fault
  /** The key that was evicted. */
  key?: string
}

/**
 * How long a control of one process took beyond what is usual. The controls are a `timer`, and a bare client that sends
 * PING to the same Redis through the same network.
 */
export interface SlowControl extends Span {
  process: string
  control: 'timer' | 'redis'
}

/** What else happened while the processes recorded a history. */
export interface Circumstances {
  faults: FaultSpan[]
  slowControls: SlowControl[]
  /** When a process was killed. */
  killed: { process: string; at: number }[]
  /** The processes whose clock is wrong. */
  wrongClocks: string[]
}

/** Nothing happened that could excuse a broken promise. */
export const undisturbed: Circumstances = { faults: [], slowControls: [], killed: [], wrongClocks: [] }

export const overlaps = (span: Span, start: number, end: number): boolean =>
  span.start <= end && span.end >= start

/** Whether Redis does not answer, or refuses writes, during a fault. */
const makesRedisAway: Record<Fault, boolean> = {
  ...{ kill: true, pause: true, demote: true, swallow: true, disconnect: true },
  ...{ flush: false, evict: false },
}

/** How long a process may take to notice that Redis is back: the breaker's pause, and a new connection. */
const noticedMs = 1_500

/** A process that is this late at receiving Redis' answers may conclude that none came, ms. */
const muchLateMs = 30

/** Answers questions about the circumstances of one history. */
export class Timeline {
  readonly #circumstances: Circumstances
  readonly #away: FaultSpan[]
  readonly #slowTimers: Map<string, SlowControl[]>
  readonly #slowRedis: Map<string, SlowControl[]>

  constructor(circumstances: Circumstances) {
    this.#circumstances = circumstances
    this.#away = circumstances.faults.filter(({ fault }) => makesRedisAway[fault])
    const byProcess = (control: SlowControl['control']) =>
      Map.groupBy(
        circumstances.slowControls.filter((each) => each.control === control),
        ({ process }) => process,
      )
    this.#slowTimers = byProcess('timer')
    this.#slowRedis = byProcess('redis')
  }

  /** Returns whether a process may have found Redis away at some moment of a span. */
  wasAway(process: string, start: number, end: number): boolean {
    const isMeanwhile = (span: Span) => overlaps(span, start, end)
    return (
      this.#away.some(isMeanwhile) ||
      (this.#slowRedis.get(process) ?? []).some(isMeanwhile) ||
      this.lateBy(process, start, end) >= muchLateMs
    )
  }

  /** Returns whether a process may have known Redis to be away. It may think so for some time after Redis is back. */
  knewAway(process: string, start: number, end: number): boolean {
    return this.wasAway(process, start - noticedMs, end)
  }

  /** Returns the most time that a call in this span can have lost because its process was late, ms. */
  lateBy(process: string, start: number, end: number): number {
    let late = 0
    for (const slow of this.#slowTimers.get(process) ?? [])
      if (overlaps(slow, start, end)) late += slow.end - slow.start
    return late
  }

  /** Returns whether a fault has dropped the keys of an id, or all keys. */
  wasDropped(id: string, start: number, end: number): boolean {
    return this.#circumstances.faults.some(
      (each) =>
        (each.fault === 'kill' ||
          each.fault === 'flush' ||
          (each.fault === 'evict' && each.key?.includes(`{${id}}`))) &&
        overlaps(each, start, end),
    )
  }

  /** Returns whether a process was killed. Its last operations are not in the history. */
  wasKilled(start: number, end: number): boolean {
    return this.#circumstances.killed.some(({ at }) => at >= start && at <= end)
  }

  hasWrongClock(process: string): boolean {
    return this.#circumstances.wrongClocks.includes(process)
  }
}
