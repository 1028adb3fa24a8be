/** A fault in an input: where (a JSON pointer, RFC 6901) and what. */
export interface Fault {
  pointer: string
  detail: string
}

/** What a writer sent is no product. Tells every fault, not only the first. */
export class InvalidProduct extends Error {
  override name = 'InvalidProduct'
  readonly faults: Fault[]
  constructor(faults: Fault[]) {
    super(faults.map(({ pointer, detail }) => `${pointer || '/'}: ${detail}`).join('; '))
    this.faults = faults
  }
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

/** Others wrote the same product each time this one tried. */
export class WriteConflict extends Error {
  override name = 'WriteConflict'
}

/** Somebody else changed or deleted the product between its reading and its writing. Their edit stands. */
export class EditedMeanwhile extends Error {
  override name = 'EditedMeanwhile'
}
