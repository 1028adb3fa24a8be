/** A fault in an input: where (a JSON pointer, RFC 6901) and what. */
export interface Fault {
  pointer: string
  detail: string
}

/** What was sent has faults. Tells every one of them, not only the first. */
class Faulty extends Error {
  readonly faults: Fault[]
  constructor(faults: Fault[]) {
    super(faults.map(({ pointer, detail }) => `${pointer || '/'}: ${detail}`).join('; '))
    this.faults = faults
  }
}

/** What a writer sent is no product. */
export class InvalidProduct extends Faulty {
  override name = 'InvalidProduct'
}

/** What a customer sent is no review. */
export class InvalidReview extends Faulty {
  override name = 'InvalidReview'
}

/** The product is not as the writer demanded. */
export class PreconditionFailed extends Error {
  override name = 'PreconditionFailed'
  /** The stored version; undefined where there is none. */
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

/** There is no product of this id, or none any more. */
export class NoSuchProduct extends Error {
  override name = 'NoSuchProduct'
  constructor(id: string) {
    super(`There is no product ${id}`)
  }
}

/** The product has no variant of the sku asked for. */
export class NoSuchVariant extends Error {
  override name = 'NoSuchVariant'
  constructor(id: string) {
    super(`Product ${id} has no variant with this sku`)
  }
}

/** A product to be created has the id of another one. */
export class IdTaken extends Error {
  override name = 'IdTaken'
  constructor(id: string) {
    super(`There is a product ${id} already`)
  }
}

/** More was to be taken from a variant's stock than there is. */
export class OutOfStock extends Error {
  override name = 'OutOfStock'
  /** What there is. */
  readonly stock: number
  constructor(stock: number) {
    super(`Of this variant there are ${stock}`)
    this.stock = stock
  }
}

/** Others wrote the same product each time this one tried. */
export class WriteConflict extends Error {
  override name = 'WriteConflict'
}

/** Somebody else changed or deleted the product between its reading and its writing. Their edit stands. */
export class EditedMeanwhile extends Error {
  override name = 'EditedMeanwhile'
}

/** A cursor that was not made here, or for another list. */
export class InvalidCursor extends Error {
  override name = 'InvalidCursor'
}
