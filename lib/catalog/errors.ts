/** A fault in an input. */
export interface Fault {
  /** Where the fault is: a JSON pointer, RFC 6901. */
  pointer: string
  detail: string
}

/** An input has faults. The error lists all of them, not only the first. */
class InvalidInput extends Error {
  readonly faults: Fault[]
  constructor(faults: Fault[]) {
    super(faults.map(({ pointer, detail }) => `${pointer || '/'}: ${detail}`).join('; '))
    this.faults = faults
  }
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
export class PreconditionFailed extends Error {
  override name = 'PreconditionFailed'
  /** The stored version; undefined if the product does not exist. */
  readonly currentVersion: number | undefined
  constructor(currentVersion: number | undefined) {
    super(
      currentVersion === undefined
        ? 'The product does not exist'
        : `The product exists with version ${currentVersion}`,
    )
    this.currentVersion = currentVersion
  }
}

/** No product has this id, or the product was deleted. */
export class NoSuchProduct extends Error {
  override name = 'NoSuchProduct'
  constructor(id: string) {
    super(`There is no product ${id}`)
  }
}

/** The product has no variant with the requested sku. */
export class NoSuchVariant extends Error {
  override name = 'NoSuchVariant'
  constructor(id: string) {
    super(`Product ${id} has no variant with this sku`)
  }
}

/** A product cannot be created because another product has its id. */
export class IdTaken extends Error {
  override name = 'IdTaken'
  constructor(id: string) {
    super(`A product with the id ${id} already exists`)
  }
}

/** A write would take more from a variant's stock than there is. */
export class OutOfStock extends Error {
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

/** Another writer changed or deleted the product after this writer read it. The other writer's edit is left in place. */
export class ConcurrentEdit extends Error {
  override name = 'ConcurrentEdit'
}

/** The cursor was not made by this catalogue, or was made for another list. */
export class InvalidCursor extends Error {
  override name = 'InvalidCursor'
}
