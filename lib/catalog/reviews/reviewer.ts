import { createHash } from 'node:crypto'
import * as z from 'zod/mini'
import { UnnamedReviewer } from '../errors.ts'
import { text } from '../product/product.ts'

/** Joiners that a name needs: between letters, for example in Persian and Sinhala, and inside and after an emoji. */
const neededJoiners =
  /(?<=[\p{L}\p{M}\p{Extended_Pictographic}])[\u200c\u200d](?=[\p{L}\p{Extended_Pictographic}])|(?<=\p{Extended_Pictographic})\ufe0f/gu

/** Characters that nobody sees, that control a terminal or the direction of the text, or that break the line. */
const invisible = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u

/**
 * The name of an author, without the spaces around it. It is shown next to the names of others. So it has a letter or a
 * digit, nothing that cannot be seen, and no heap of marks that covers its neighbours.
 */
export const AuthorName = text(1, 200).check(
  z.overwrite((name) => name.trim()),
  z.refine((name) => /[\p{L}\p{N}]/u.test(name), 'A name has a letter or a digit'),
  z.refine(
    (name) => !invisible.test(name.replace(neededJoiners, '')),
    'A name must not contain control characters or invisible characters',
  ),
  z.refine((name) => !/\p{M}{5}/u.test(name), 'A name has at most four marks in a row'),
)

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
  const { data } = AuthorName.safeParse(name)
  const user = subject !== undefined && data !== undefined ? { subject, name: data } : undefined
  if (!user && !mayNameAuthors) throw new UnnamedReviewer(subject === undefined ? 'sub' : 'name')
  return { user, mayNameAuthors }
}

/**
 * Returns what the table stores of a subject: a hash, so that a copy of the table does not list the customers. The
 * product's id is part of it, so that the hashes of one customer on several products differ. There is no secret in it.
 * So this holds only if the issuer's subjects are random, for example UUIDs. Numbers and addresses can be enumerated:
 * a million guesses take seconds, and then the customer's reviews on all products are connected.
 */
export const hashSubject = (productId: string, subject: string): string =>
  createHash('sha256')
    .update(JSON.stringify([productId, subject]))
    .digest('base64url')
