import { setTimeout as sleep } from 'node:timers/promises'
import { productOf } from '../support/product.ts'
import { now } from './clock.ts'

export type Row = { id: string; version: number }

/** How loads behave. */
export interface Behaviour {
  /** How long a load takes, ms. @default 0 */
  loadMs?: number
  /** Whether every load fails, after that time. */
  refuses?: boolean
  /** Whether no row exists. */
  missing?: boolean
  /** The size of a row, about. @default 2,500 */
  bytes?: number
}

/** A load of these ids, and when it began. */
export interface Load {
  at: number
  ids: string[]
}

/** Stands for the database in one process. A row has version 1 until `set` changes it. */
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
    // A strongly consistent read returns the rows as they are when it begins.
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

  readonly countLoads = (id: string): number => this.loads.filter(({ ids }) => ids.includes(id)).length
}
