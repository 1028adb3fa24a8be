/** A request of a reader, and its answer. Times are by performance.now() of the process that all clients run in, ms. */
export interface Read {
  start: number
  end: number
  /** The index of the process that answered. */
  process: number
  /**
   * The requested entries, such as `page p1`. A list requests several, each as `listed p1`, because another function
   * answers it than a single product, with a memory of its own.
   */
  entries: string[]
  /** The version of each product in the answer. */
  versions: Record<string, number>
  /** `Cache-Status`; empty if there was no answer. */
  cache: string
  /** Why the read failed; undefined if it succeeded. */
  failure?: string
}

/** A change that a writer requested, with all attempts. */
export interface Write {
  kind: 'put' | 'stock' | 'review' | 'new product'
  /** The product; empty for a new product. */
  id: string
  /** A text in the write's content that identifies the write. */
  mark: string
  start: number
  /** When its client learned the outcome, or abandoned the write. */
  end?: number
  acknowledged?: { at: number; version?: number; invalidation: 'done' | 'deferred' }
  /** The answer was an error that a retry cannot change. */
  isRefused?: boolean
  /** The attempts that were refused or lost. Attempts whose client disconnected are not recorded. */
  refusals: { at: number; reason: string }[]
}

/** Everything that clients did and saw while one fault was tested. */
export interface History {
  reads: Read[]
  writes: Write[]
  /** When the fault began. */
  faultStart: number
  /** When all servers answered again. */
  faultEnd: number
}
