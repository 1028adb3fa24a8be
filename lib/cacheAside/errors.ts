/**
 * The database did not answer, and the cache had nothing to answer with. `cause` holds the load's own error; there is none
 * where the load was another process', of which only is known that it failed just now.
 */
export class LoadFailed extends Error {
  override name = 'LoadFailed'
  readonly id: string
  constructor(id: string, cause?: unknown) {
    const why =
      cause === undefined
        ? 'another process has just tried'
        : cause instanceof Error
          ? cause.message
          : String(cause)
    super(`Loading ${JSON.stringify(id)} failed: ${why}`, cause === undefined ? {} : { cause })
    this.id = id
  }
}

/** Too many loads run already, and this one could not begin in the time it had. Nothing was asked of the database. */
export class Overloaded extends Error {
  override name = 'Overloaded'
  readonly id: string
  constructor(id: string) {
    super(`No load of ${JSON.stringify(id)} could begin in time: too many run already`)
    this.id = id
  }
}
