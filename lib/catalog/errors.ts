/** A fault in an input. */
export interface Fault {
  /** Where the fault is: a JSON pointer, RFC 6901. */
  pointer: string
  detail: string
}

/** How many faults an error lists. An input can have as many as it has bytes. */
export const maxFaults = 20

/** The longest pointer to a fault, in UTF-16 code units. A longer one is cut, and ends in `…`. */
export const maxPointer = 200

/**
 * The catalogue refuses a write because of its input or of what is stored. The reason may be that an earlier attempt of
 * the same write has succeeded: table/mark.ts.
 */
export class Refusal extends Error {}

/** An input has faults. The error lists the first {@link maxFaults}, and counts the others. */
class InvalidInput extends Refusal {
  readonly faults: Fault[]
  /** How many faults the input has in addition to those listed. */
  readonly moreFaults: number
  constructor(all: Fault[]) {
    const faults = all.slice(0, maxFaults).map(({ pointer, detail }) => ({ pointer: cut(pointer), detail }))
    const moreFaults = all.length - faults.length
    const listed = faults.map(({ pointer, detail }) => `${pointer || '/'}: ${detail}`)
    super([...listed, ...(moreFaults > 0 ? [`and ${moreFaults} more faults`] : [])].join('; '))
    this.faults = faults
    this.moreFaults = moreFaults
  }
}

/** Cuts a pointer to {@link maxPointer}, but not between the halves of a surrogate pair, nor inside `~0` and `~1`. */
function cut(pointer: string): string {
  if (pointer.length <= maxPointer) return pointer
  return `${pointer.slice(0, maxPointer - 1).replace(/[\ud800-\udbff~]$/, '')}…`
}

/** The input is not a valid product. */
export class InvalidProduct extends InvalidInput {
  override name = 'InvalidProduct'
}

/** The input is not a valid review. */
export class InvalidReview extends InvalidInput {
  override name = 'InvalidReview'
}

/** The stored product does not meet the writer's precondition. */
export class PreconditionFailed extends Refusal {
  override name = 'PreconditionFailed'
  /** The stored version; undefined if the product does not exist, or if its version cannot be read. */
  readonly currentVersion: number | undefined
  /** @param version the stored version, whatever its type */
  constructor(message: string, version: unknown) {
    super(message)
    this.currentVersion = typeof version === 'number' ? version : undefined
  }
}

/** No product has this id, or the product was deleted. */
export class NoSuchProduct extends Refusal {
  override name = 'NoSuchProduct'
  constructor(id: string) {
    super(`There is no product ${id}`)
  }
}

/** The product has no variant with the requested sku. */
export class NoSuchVariant extends Refusal {
  override name = 'NoSuchVariant'
  constructor(id: string) {
    super(`Product ${id} has no variant with this sku`)
  }
}

/** The product has no review with the requested id. */
export class NoSuchReview extends Error {
  override name = 'NoSuchReview'
  constructor(id: string) {
    super(`The product has no review ${id}`)
  }
}

/** A review can only be removed by its author and by a moderator. */
export class NotYourReview extends Error {
  override name = 'NotYourReview'
  constructor() {
    super(
      'Another customer wrote this review. Its author can remove it, or a token with the scope reviews:moderate',
    )
  }
}

/** The token does not name the user who writes the review. */
export class UnnamedReviewer extends Error {
  override name = 'UnnamedReviewer'
  /** @param claim the claim that is missing, or that cannot be used */
  constructor(claim: 'sub' | 'name') {
    super(
      claim === 'sub'
        ? 'The token does not say who writes. Get a token with the claim sub'
        : 'The token has no name to show as the author. Get a token with the claim name: 1 to 200 characters, among them a letter or a digit, and no control or invisible characters',
    )
  }
}

/** A product cannot be created because another product has its id. */
export class IdTaken extends Error {
  override name = 'IdTaken'
  constructor(id: string) {
    super(`A product with the id ${id} already exists`)
  }
}

/** The caller's idempotency key was used for another write within its 24 hours. This write was not done. */
export class KeyReused extends Error {
  override name = 'KeyReused'
  constructor() {
    super('This key was used for another request. Use a new key')
  }
}

/** A write would take more from a variant's stock than there is. */
export class OutOfStock extends Refusal {
  override name = 'OutOfStock'
  /** The variant's stock. */
  readonly stock: number
  constructor(stock: number) {
    super(`The variant's stock is ${stock}`)
    this.stock = stock
  }
}

/** Every attempt of a write conflicted with another writer of the same product. */
export class WriteConflict extends Error {
  override name = 'WriteConflict'
}

/**
 * Another writer changed or deleted the product after this writer read it. The other writer's edit is left in place.
 */
export class ConcurrentEdit extends Error {
  override name = 'ConcurrentEdit'
}

/** The cursor was not made by this catalogue, or was made for another list. */
export class InvalidCursor extends Error {
  override name = 'InvalidCursor'
}

/** Another program wrote the product's item, and the catalogue cannot read it. A put replaces the item. */
export class StoredProductUnreadable extends Refusal {
  override name = 'StoredProductUnreadable'
  /** The stored version; 0 if that cannot be read either. */
  readonly version: number
  constructor(version = 0) {
    super('The stored product cannot be read. A PUT of the whole product mends it')
    this.version = version
  }
}
