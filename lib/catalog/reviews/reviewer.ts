import { createHash } from 'node:crypto'
import { UnnamedReviewer } from '../errors.ts'
import { text } from '../product/product.ts'

const authorName = text(1, 200)

/** Who writes reviews, as a token names them. */
export interface Reviewer {
  /** The token's own user. Undefined if the token does not name one. */
  user: { subject: string; name: string } | undefined
  /** Whether reviews may be posted in the name of others, as an import or the back office of a shop does. */
  mayNameAuthors: boolean
}

/**
 * Returns the reviewer of a token.
 *
 * @param claims `sub` and `name` of the token
 * @throws {UnnamedReviewer} if the token does not name its user, or not by a name that can be shown as an author, and
 *   may not name other authors either
 */
export function parseReviewer(
  { subject, name }: { subject?: string | undefined; name?: string | undefined },
  mayNameAuthors: boolean,
): Reviewer {
  const { data } = authorName.safeParse(name)
  const user = subject !== undefined && data !== undefined ? { subject, name: data } : undefined
  if (!user && !mayNameAuthors) throw new UnnamedReviewer(subject === undefined ? 'sub' : 'name')
  return { user, mayNameAuthors }
}

/**
 * Returns what the table stores of a subject: a hash, so that a copy of the table does not list the customers. The
 * product's id is part of it, so that the reviews of one customer on several products cannot be connected. Who knows a
 * subject can still check whether it has reviewed a product.
 */
export const hashSubject = (productId: string, subject: string): string =>
  createHash('sha256')
    .update(JSON.stringify([productId, subject]))
    .digest('base64url')
