import type { Fault } from './faults.ts'

/** A time, by the clock that all processes share, ms. */
export interface Span {
  start: number
  end: number
}

/** What befell Redis. */
export interface Struck extends Span {
  fault: Fault
  /** The one that was evicted. */
  key?: string
}

/**
 * How long a control of one process waited beyond what is usual: a `timer` that was to ring, or a bare client that asked
 * the same Redis through the same network for nothing but PONG.
 */
export interface Waited extends Span {
  process: string
  control: 'timer' | 'redis'
}

/** What else happened while the processes of a history did what they did. */
export interface Circumstances {
  faults: Struck[]
  waits: Waited[]
  /** When a process was killed. */
  killed: { process: string; at: number }[]
  /** The processes whose clock is wrong. */
  wrongClocks: string[]
}

export const calm: Circumstances = { faults: [], waits: [], killed: [], wrongClocks: [] }

export const meets = (span: Span, start: number, end: number): boolean =>
  span.start <= end && span.end >= start

/** The faults in which Redis does not answer, or refuses writes. */
const isAway: Record<Fault, boolean> = {
  ...{ kill: true, pause: true, demote: true, swallow: true, disconnect: true },
  ...{ flush: false, evict: false },
}

/** How soon a process has noticed that Redis is back: the breaker's pause, and a connection that has to be made. */
const noticedMs = 1_500

/** A process that comes so much too late to take up answers of Redis may think that none came, ms. */
const muchLateMs = 30

/** Answers questions about one history's circumstances. */
export class Around {
  readonly #given: Circumstances
  readonly #away: Struck[]
  readonly #late: Map<string, Waited[]>
  readonly #unanswered: Map<string, Waited[]>

  constructor(given: Circumstances) {
    this.#given = given
    this.#away = given.faults.filter(({ fault }) => isAway[fault])
    const waits = (control: Waited['control']) =>
      Map.groupBy(
        given.waits.filter((each) => each.control === control),
        ({ process }) => process,
      )
    this.#late = waits('timer')
    this.#unanswered = waits('redis')
  }

  /** Whether a process may have found Redis away at some moment of a time. */
  wasAway(process: string, start: number, end: number): boolean {
    const meet = (span: Span) => meets(span, start, end)
    return (
      this.#away.some(meet) ||
      (this.#unanswered.get(process) ?? []).some(meet) ||
      this.lateBy(process, start, end) >= muchLateMs
    )
  }

  /** Whether it may have known Redis to be away, as it does for some time after that. */
  knewAway(process: string, start: number, end: number): boolean {
    return this.wasAway(process, start - noticedMs, end)
  }

  /** How long a process did not come to do what was due, at the longest that a call of this time can have lost, ms. */
  lateBy(process: string, start: number, end: number): number {
    let late = 0
    for (const wait of this.#late.get(process) ?? [])
      if (meets(wait, start, end)) late += wait.end - wait.start
    return late
  }

  /** Whether something has dropped a key, or all of them. */
  wasDropped(id: string, start: number, end: number): boolean {
    return this.#given.faults.some(
      (each) =>
        (each.fault === 'kill' ||
          each.fault === 'flush' ||
          (each.fault === 'evict' && each.key?.includes(`{${id}}`))) &&
        meets(each, start, end),
    )
  }

  /** Whether a process was killed, of which the last things that it did are not known. */
  wasKilled(start: number, end: number): boolean {
    return this.#given.killed.some(({ at }) => at >= start && at <= end)
  }

  hasWrongClock(process: string): boolean {
    return this.#given.wrongClocks.includes(process)
  }
}
