/**
 * Tracks the tasks that a batch of records requires. A task counts as unfinished until its work has succeeded, so if the
 * batch is cut short, the records of all other tasks are delivered again.
 */
export class Tasks {
  /** The unfinished tasks, and the first record that requires each. */
  readonly #unfinished = new Map<string, string | undefined>()
  /** Why tasks failed: the first five distinct errors. */
  readonly reasons = new Set<string>()

  /** Adds a task. If a task of this name exists, nothing changes. */
  add(task: string, sequenceNumber: string | undefined): void {
    if (!this.#unfinished.has(task)) this.#unfinished.set(task, sequenceNumber)
  }

  /** Runs the work of a task. If it throws, the error becomes a reason. @returns whether the task is finished */
  async run(task: string, work: () => Promise<unknown>): Promise<boolean> {
    try {
      await work()
      this.#unfinished.delete(task)
      return true
    } catch (error) {
      if (this.reasons.size < 5) this.reasons.add(String(error))
      return false
    }
  }

  /** The number of unfinished tasks. */
  get unfinished(): number {
    return this.#unfinished.size
  }

  /**
   * Returns the first record with an unfinished task. Lambda delivers this record and all later ones again.
   *
   * @param order the sequence numbers of the batch, in order
   */
  firstUnfinished(order: (string | undefined)[]): string | undefined {
    const failed = new Set(this.#unfinished.values())
    return order.find((sequenceNumber) => sequenceNumber !== undefined && failed.has(sequenceNumber))
  }
}
