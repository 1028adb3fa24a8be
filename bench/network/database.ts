import { setTimeout as sleep } from 'node:timers/promises'
import { productOf } from '../cacheAside/product.ts'
import { now } from './clock.ts'

export type Row = { id: string; version: number }

/** How loads behave. */
export interface Behaviour {
  /** What one takes, ms. @default 0 */
  loadMs?: number
  /** They fail after that time. */
  refuses?: boolean
  /** There is no such row. */
  missing?: boolean
  /** About as large is a row. @default 2,500 */
  bytes?: number
}

/** A load: when it began, and of what. */
export interface Load {
  at: number
  ids: string[]
}

/** What stands for the database in one process. Rows have version 1 until they are told another one. */
export class Database {
  behaviour: Behaviour = {}
  readonly loads: Load[] = []
  readonly #versions = new Map<string, number>()

  set(id: string, version: number): void {
    this.#versions.set(id, version)
  }

  readonly load = async (id: string): Promise<Row | undefined> => (await this.loadMany([id])).get(id)

  readonly loadMany = async (ids: string[]): Promise<Map<string, Row | undefined>> => {
    this.loads.push({ at: now(), ids })
    const { loadMs = 0, refuses, missing, bytes } = this.behaviour
    // A consistent read: what stands there when it begins.
    const rows = new Map(
      ids.map((id) => [
        id,
        missing ? undefined : { ...productOf(id, bytes), version: this.#versions.get(id) ?? 1 },
      ]),
    )
    if (loadMs > 0) await sleep(loadMs)
    if (refuses) throw new Error('The database refuses')
    return rows
  }

  readonly loadsOf = (id: string): number => this.loads.filter(({ ids }) => ids.includes(id)).length
}
