/**
 * What became of a batch's records. Each is taken for failed until what it asks for is done, so that whatever is cut
 * short comes again.
 */
export class Tasks {
  /** What is still to be done, and for which record. */
  readonly #open = new Map<string, string | undefined>()
  /** Why something failed; a few of many. */
  readonly reasons = new Set<string>()

  /** Something has to be done, named by `task`. */
  demand(task: string, sequenceNumber: string | undefined): void {
    if (!this.#open.has(task)) this.#open.set(task, sequenceNumber)
  }

  /** Does it, and tells whether it is done; what is thrown is kept as a reason. */
  async attempt(task: string, work: () => Promise<unknown>): Promise<boolean> {
    try {
      await work()
      this.#open.delete(task)
      return true
    } catch (error) {
      if (this.reasons.size < 5) this.reasons.add(String(error))
      return false
    }
  }

  /** How many things are not done. */
  get open(): number {
    return this.#open.size
  }

  /**
   * The first record that failed, from which on all come again.
   *
   * @param order of the batch
   */
  firstFailed(order: (string | undefined)[]): string | undefined {
    const failed = new Set(this.#open.values())
    return order.find((sequenceNumber) => sequenceNumber !== undefined && failed.has(sequenceNumber))
  }
}
