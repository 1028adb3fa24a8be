/** Collects distinct reasons for failures. Keeps the first five, since a log line has to be bounded. */
export class FailureReasons {
  readonly #reasons = new Set<string>()

  add(error: unknown): void {
    if (this.#reasons.size < 5) this.#reasons.add(toText(error))
  }

  get all(): string[] {
    return [...this.#reasons]
  }
}

/** Describes an error with its cause: only the cause says what was wrong with the database. */
const toText = (error: unknown): string =>
  error instanceof Error && error.cause !== undefined ? `${error}: ${error.cause}` : String(error)
