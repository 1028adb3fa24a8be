import { setTimeout as sleep } from 'node:timers/promises'
import { now } from './clock.ts'
import type { Answer, RowCache } from './rowCache.ts'

/** The result of a call, and when the call began and ended. */
export interface Outcome extends Partial<Answer> {
  id: string
  begun: number
  ended: number
  error?: string
}

/** How long a call may take, ms. A call that takes longer hangs, and counts as failed. */
export const callTimeoutMs = 8_000

export async function callGet(cache: RowCache, id: string, budgetMs?: number): Promise<Outcome> {
  const begun = now()
  try {
    const answer = await withTimeout(cache.get(id, budgetMs))
    return { id, begun, ended: now(), ...answer }
  } catch (error) {
    return { id, begun, ended: now(), error: String(error) }
  }
}

export async function callGetMany(cache: RowCache, ids: string[]): Promise<Outcome[]> {
  const begun = now()
  try {
    const answers = await withTimeout(cache.getMany(ids))
    return answers.map((answer, at) => {
      const id = ids[at] ?? ''
      return { id, begun, ended: now(), ...(answer instanceof Error ? { error: String(answer) } : answer) }
    })
  } catch (error) {
    return ids.map((id) => ({ id, begun, ended: now(), error: String(error) }))
  }
}

/** Returns the outcome of a call that was not made, because the calls before it took too long. */
export const notAsked = (id: string): Outcome => ({ id, begun: now(), ended: now(), error: 'not asked' })

/** @throws {Error} `hangs` if the call takes longer than {@link callTimeoutMs} */
export async function withTimeout<T>(call: Promise<T>): Promise<T> {
  const settled = new AbortController()
  const hangs = sleep(callTimeoutMs, undefined, { signal: settled.signal }).then(() => {
    throw new Error('hangs')
  })
  try {
    return await Promise.race([call, hangs])
  } finally {
    hangs.catch(() => {})
    settled.abort()
  }
}
