import type { LoadFailed, Overloaded } from './errors.ts'
import type { CacheResult, CacheStatus } from './types.ts'

/** Marks a value that is not parsed yet. JSON has no symbols, so no value can equal it. */
const unparsed = Symbol('unparsed')

/** An answer that holds text; the value is parsed only when it is first accessed. */
export class Result<V> implements CacheResult<V> {
  readonly body: string | undefined
  readonly version: number
  readonly age: number
  readonly status: CacheStatus
  readonly until: number | undefined
  private readonly knownBytes: number | undefined
  private parsed: V | undefined | typeof unparsed = unparsed

  /**
   * @param until infinity if the value never expires
   * @param bytes the length of the body, if it is known
   */
  constructor(
    { body, version, until }: { body: string | undefined; version: number; until: number },
    age: number,
    status: CacheStatus,
    bytes?: number,
  ) {
    this.body = body
    this.until = until === Number.POSITIVE_INFINITY ? undefined : until
    this.knownBytes = bytes
    this.version = version
    this.age = age
    this.status = status
  }

  get bytes(): number {
    return this.knownBytes ?? Buffer.byteLength(this.body ?? '')
  }

  get value(): V | undefined {
    if (this.parsed === unparsed)
      this.parsed = this.body === undefined ? undefined : deepFreeze(JSON.parse(this.body) as V)
    return this.parsed
  }
}

/** Returns the result of an id that has no answer. */
export const failedResult = <V>(error: LoadFailed | Overloaded): CacheResult<V> => ({
  value: undefined,
  body: undefined,
  bytes: 0,
  version: 0,
  age: 0,
  status: { hit: false, fwd: 'uri-miss' },
  error,
})

/** Freezes a value and everything in it, so that no caller changes a value that another caller also holds. */
function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const part of Object.values(value)) deepFreeze(part)
    Object.freeze(value)
  }
  return value
}
