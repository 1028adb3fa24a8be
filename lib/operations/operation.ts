import { isProductId, productIdGrammar } from '../catalog/index.ts'
import type { WarmingOptions } from './warm.ts'

/** What an operator may ask for. */
export const actions = ['inspect', 'invalidate', 'warm', 'audit'] as const
export type Action = (typeof actions)[number]

export interface Operation {
  action: Action
  ids?: string[]
  /** For `warm`: how many of the most read products. */
  top?: number
}

/** The most ids of one operation. */
export const mostIds = 1_000

/**
 * What an event says of a warming; another's members are nobody's business.
 *
 * @throws {TypeError} for ids that are none, and for numbers that are none
 */
export function warmingOf(event: unknown): { ids?: string[] } & Pick<WarmingOptions, 'top' | 'perSecond'> {
  const { ids, top, perSecond } = (event ?? {}) as Record<string, unknown>
  if (ids !== undefined && !(Array.isArray(ids) && ids.length <= mostIds))
    throw new TypeError(`ids is a list of at most ${mostIds} product ids`)
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
  throw new TypeError(`${name} is a whole number from ${from} to ${to}`)
}
