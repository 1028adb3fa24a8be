/** A map as the document client returns it. Its values may be anything that DynamoDB holds. */
export type Plain = Record<string, unknown>

/**
 * Whether a value is a map. Sets, binary values and numbers that JavaScript cannot represent are objects, but not maps.
 */
export const isPlainObject = (value: unknown): value is Plain =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype

export const isText = (value: unknown): value is string => typeof value === 'string'

export const isNumber = (value: unknown): value is number => typeof value === 'number'

/** Whether a value is a text that Date can parse. */
export const isTime = (value: unknown): value is string => isText(value) && !Number.isNaN(Date.parse(value))

export const arrayOf =
  (check: (value: unknown) => boolean) =>
  (value: unknown): boolean =>
    Array.isArray(value) && value.every(check)

/**
 * Whether a value has the same JSON as itself: it contains no set, no binary value and no number beyond JavaScript's.
 */
export function isJson(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return value !== undefined
  return Array.isArray(value) ? value.every(isJson) : isPlainObject(value) && everyValue(value, isJson)
}

/** Whether every value of a map passes a check. Loops without a copy: a product may have hundreds of maps. */
export function everyValue(map: Plain, check: (value: unknown, name: string) => boolean): boolean {
  for (const name in map) if (!check(map[name], name)) return false
  return true
}

/** What the members of a map have to be, by name. */
export type Checks = Readonly<Record<string, (value: unknown) => boolean>>

/** Whether a value is a map whose named members pass their checks. Any other member has to be JSON. */
export function hasMembers(value: unknown, checks: Checks): value is Plain {
  if (!isPlainObject(value)) return false
  for (const name in checks) if (!checks[name]?.(value[name])) return false
  for (const name in value) if (!Object.hasOwn(checks, name) && !isJson(value[name])) return false
  return true
}

/**
 * Returns a list of maps whose missing members have their defaults. Returns undefined if it is not such a list, or if
 * the check refuses one of the members.
 */
export function withDefaults(list: unknown, defaults: Plain, checks: Checks): Plain[] | undefined {
  if (!Array.isArray(list)) return undefined
  const names = Object.keys(defaults)
  const maps = list.map((map: Plain) =>
    isPlainObject(map) && names.some((name) => map[name] === undefined) ? { ...defaults, ...map } : map,
  )
  return maps.every((map) => hasMembers(map, checks)) ? maps : undefined
}
