import { isProductId, productIdGrammar } from '../catalog/index.ts'
import type { WarmOptions } from './warm.ts'

/** The actions that an operator can request. */
export const actions = ['inspect', 'invalidate', 'warm', 'audit'] as const
export type Action = (typeof actions)[number]

/** A request of an operator. */
export interface Operation {
  action: Action
  ids?: string[]
  /** For `warm`: how many of the most-read products. */
  top?: number
}

/** The most ids of one operation. */
export const maxIds = 1_000

/**
 * Validates an operation. Its sender may be any caller of the Lambda function, so nothing is taken for granted.
 *
 * @returns the action and its distinct ids
 * @throws {TypeError} for an unknown action, for invalid ids, and if an action needs ids and has none
 */
export function parseOperation(operation: Operation | null | undefined): { action: Action; ids: string[] } {
  const action = actions.find((each) => each === operation?.action)
  if (!action) throw new TypeError(`Unknown action: use ${joinWithOr(actions)}`)
  const { ids = [] } = parseWarmOptions(operation)
  if (ids.length === 0 && needsIds(action)) throw new TypeError(`${action} needs at least one id`)
  return { action, ids: [...new Set(ids)] }
}

/** Whether an action works on named products only. */
export const needsIds = (action: Action): boolean => action === 'inspect' || action === 'invalidate'

/** Joins words as a choice: `a, b or c`. */
export const joinWithOr = (words: readonly string[]): string =>
  words.join(', ').replace(/, ([^,]*)$/, ' or $1')

/**
 * Reads the options of a warm-up from an event, and ignores its other members.
 *
 * @throws {TypeError} for invalid ids or numbers
 */
export function parseWarmOptions(
  event: unknown,
): { ids?: string[] } & Pick<WarmOptions, 'top' | 'perSecond'> {
  const { ids, top, perSecond } = (event ?? {}) as Record<string, unknown>
  if (ids !== undefined && !(Array.isArray(ids) && ids.length <= maxIds))
    throw new TypeError(`ids must be a list of at most ${maxIds} product ids`)
  const wrong = ids?.find((id: unknown) => typeof id !== 'string' || !isProductId(id))
  if (wrong !== undefined)
    throw new TypeError(`${JSON.stringify(wrong)} is not a product id: ${productIdGrammar}`)
  return {
    ...(ids && { ids }),
    ...(top !== undefined && { top: wholeNumber('top', top, 0, 1_000) }),
    ...(perSecond !== undefined && { perSecond: wholeNumber('perSecond', perSecond, 1, 10_000) }),
  }
}

function wholeNumber(name: string, value: unknown, from: number, to: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= from && value <= to) return value
  throw new TypeError(`${name} must be a whole number from ${from} to ${to}`)
}
