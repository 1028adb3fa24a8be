import { setTimeout as sleep } from 'node:timers/promises'
import type { CacheAsideOptions, Loaded } from '../../lib/cacheAside/index.ts'
import { sharedNow } from './clock.ts'
import type { Text, textsIn } from './texts.ts'

/** An event of a load, sent when it has read or failed. `batch` is a load of many ids. Times are of `sharedNow`. */
export type LoadEvent =
  | { type: 'load'; id: string; at: number; failed?: boolean }
  | { type: 'batch'; ids: string[]; at: number; failed?: boolean }

/** How loads of an id behave. */
export interface LoadBehaviour {
  /** How long the load waits after the read, ms. */
  slowMs?: number
  /** The load waits this long and then throws instead of reading, ms. */
  failMs?: number
  /** The text is padded to this length. */
  chars?: number
  /** Time is divided into periods of this length, ms. The text is the number of the current period and ends with it. */
  endsEveryMs?: number
}

type Loads = Required<Pick<CacheAsideOptions<unknown>, 'load' | 'loadMany'>>

/** Loads of texts that a test can slow down, hold and make fail. */
export class ControllableLoads {
  readonly #sendEvent: (event: LoadEvent) => void
  readonly #behaviours = new Map<string, LoadBehaviour>()
  #held: PromiseWithResolvers<void> | undefined
  texts: ReturnType<typeof textsIn>

  constructor(texts: ReturnType<typeof textsIn>, sendEvent: (event: LoadEvent) => void) {
    this.texts = texts
    this.#sendEvent = sendEvent
  }

  /** Sets how loads of an id behave, or with `*` the loads of every other id. */
  behave(id: string, behaviour: LoadBehaviour): void {
    this.#behaviours.set(id, behaviour)
  }

  /** Makes loads wait between reading and returning, until `release`. */
  hold(): void {
    this.#held ??= Promise.withResolvers<void>()
  }

  release(): void {
    this.#held?.resolve()
    this.#held = undefined
  }

  reset(): void {
    this.release()
    this.#behaviours.clear()
  }

  /** Returns loads that store the text in `field` of the value. */
  create(field: string): Loads {
    return {
      load: async (id, { signal }) => {
        let found: Loaded<unknown>
        const read = async () => {
          found = this.#toValue(id, field, await this.texts.read(id, signal))
          this.#sendEvent({ type: 'load', id, at: sharedNow() })
        }
        const onFailure = () => this.#sendEvent({ type: 'load', id, at: sharedNow(), failed: true })
        await this.#run([id], signal, read, onFailure)
        return found
      },
      loadMany: async (ids, { signal }) => {
        let found = new Map<string, Loaded<unknown>>()
        const read = async () => {
          const all = await this.texts.readMany(ids, signal)
          found = new Map([...all].map(([id, each]) => [id, this.#toValue(id, field, each)]))
          this.#sendEvent({ type: 'batch', ids, at: sharedNow() })
        }
        const onFailure = () => this.#sendEvent({ type: 'batch', ids, at: sharedNow(), failed: true })
        await this.#run(ids, signal, read, onFailure)
        return found
      },
    }
  }

  #behaviour(id: string): LoadBehaviour | undefined {
    return this.#behaviours.get(id) ?? this.#behaviours.get('*')
  }

  #toValue(id: string, field: string, found: Loaded<Text>): Loaded<unknown> {
    const { endsEveryMs, chars = 0 } = this.#behaviour(id) ?? {}
    if (!found || endsEveryMs === undefined)
      return found && { ...found, value: found.value && { [field]: found.value.text.padEnd(chars, 'x') } }
    const period = Math.floor(Date.now() / endsEveryMs)
    return { ...found, value: { [field]: String(period) }, until: (period + 1) * endsEveryMs }
  }

  /** Runs a load of these ids. It fails if one of them fails, and is as slow as the slowest. */
  async #run(ids: string[], signal: AbortSignal, read: () => Promise<void>, onFailure: () => void) {
    const behaviours = ids.flatMap((id) => this.#behaviour(id) ?? [])
    const failMs = behaviours.find((each) => each.failMs !== undefined)?.failMs
    if (failMs !== undefined) {
      await sleep(failMs, undefined, { signal })
      onFailure()
      throw Object.assign(new Error('the database refuses'), { name: 'ThrottlingException' })
    }
    await read()
    await sleep(Math.max(0, ...behaviours.map(({ slowMs = 0 }) => slowMs)), undefined, { signal })
    await this.#held?.promise
  }
}
