/**
 * The load of an id failed, and the cache had no entry that it could serve instead. `cause` holds the load's
 * own error. There is no `cause` if another process ran the load: this process knows only that the load
 * failed a moment ago.
 *
 * The message does not contain the id, which may come from a request and does not belong in every log. `id` does.
 */
export class LoadFailed extends Error {
  override name = 'LoadFailed'
  readonly id: string
  constructor(id: string, cause?: unknown) {
    const reason =
      cause === undefined
        ? 'another process tried a moment ago and failed'
        : cause instanceof Error
          ? cause.message
          : String(cause)
    super(`The load failed: ${reason}`, cause === undefined ? {} : { cause })
    this.id = id
  }
}

/** Creates the error of an id whose value was loaded twice and expired both times before it could be served. */
export const expiredTwice = (id: string) =>
  new LoadFailed(
    id,
    new Error('its value was loaded twice, and expired both times before it could be served'),
  )

/** Too many loads were already running, so this load could not start in time. The database was not asked. */
export class Overloaded extends Error {
  override name = 'Overloaded'
  readonly id: string
  constructor(id: string) {
    super(
      'The load could not start in time: too many loads are already running. Retry, or raise maxConcurrentLoads',
    )
    this.id = id
  }
}
