import type { LoadFailed, Overloaded } from './errors.ts'
import type { CacheResult, CacheStatus } from './types.ts'

/** Stands where a value has not been parsed yet; JSON has no symbols. */
const unparsed = Symbol('unparsed')

/** An answer made of text: the value is parsed only if somebody asks for it. */
export class Result<V> implements CacheResult<V> {
  readonly body: string | undefined
  readonly version: number
  readonly age: number
  readonly status: CacheStatus
  readonly until: number | undefined
  private readonly known: number | undefined
  private parsed: V | undefined | typeof unparsed = unparsed

  /**
   * @param until infinity where the value does not end
   * @param bytes of the body, where they are known
   */
  constructor(
    { body, version, until }: { body: string | undefined; version: number; until: number },
    age: number,
    status: CacheStatus,
    bytes?: number,
  ) {
    this.body = body
    this.until = until === Number.POSITIVE_INFINITY ? undefined : until
    this.known = bytes
    this.version = version
    this.age = age
    this.status = status
  }

  get bytes(): number {
    return this.known ?? Buffer.byteLength(this.body ?? '')
  }

  get value(): V | undefined {
    if (this.parsed === unparsed)
      this.parsed = this.body === undefined ? undefined : frozen(JSON.parse(this.body) as V)
    return this.parsed
  }
}

/** What stands in place of an answer. */
export const failure = <V>(error: LoadFailed | Overloaded): CacheResult<V> => ({
  value: undefined,
  body: undefined,
  bytes: 0,
  version: 0,
  age: 0,
  status: { hit: false, fwd: 'uri-miss' },
  error,
})

/** With all that is in it. What one caller is handed out is never changed under another's hands. */
function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const part of Object.values(value)) frozen(part)
    Object.freeze(value)
  }
  return value
}
