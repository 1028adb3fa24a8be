/** What a client asked for and got. Times are by performance.now() of the process that all clients live in, ms. */
export interface Read {
  start: number
  end: number
  /** Which process answered. */
  sandbox: number
  /**
   * Which entry was asked for, such as `page p1`; several of them for a list, each as `listed p1`: another function than
   * that of the product answers it, and has a memory of its own.
   */
  entries: string[]
  /** The versions that were answered, by product. */
  versions: Record<string, number>
  /** `Cache-Status`, empty where there was no answer. */
  cache: string
  /** Why it was no answer of use; undefined where it was one, or the client left. */
  failure?: string
}

/** What a client wanted to change, with all its attempts. */
export interface Write {
  kind: 'put' | 'stock' | 'review' | 'new product'
  /** The product; empty for a new one. */
  id: string
  /** Names it in what it writes. */
  mark: string
  start: number
  /** When its client gave it up, or was told that it is done. */
  end?: number
  acknowledged?: { at: number; version?: number; invalidation: 'done' | 'deferred' }
  /** Refused for good: the same again would be refused again. */
  isRefused?: boolean
  /** When an attempt was refused or lost, and how. Of clients that left nothing is noted. */
  refusals: { at: number; why: string }[]
}

/** All that happened while one fault was tried. */
export interface History {
  reads: Read[]
  writes: Write[]
  /** When the fault began, and when it was over. */
  struck: number
  over: number
}
