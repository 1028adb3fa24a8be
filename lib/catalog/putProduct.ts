import { randomUUID } from 'node:crypto'
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { PreconditionFailed, WriteConflict } from './errors.ts'
import type { Product, ProductContent } from './product.ts'
import { putIfVersion } from './putIfVersion.ts'
import { readItem } from './readProduct.ts'
import { nextVersion, type ProductItem, toItem, toProduct } from './table.ts'

/** What must hold of the stored product for a write to happen. */
export interface Precondition {
  /** It must exist (`any`), or have one of these versions. */
  match?: number[] | 'any'
  /** It must not exist. */
  absent?: boolean
}

const attempts = 5

/**
 * Replaces a product, or creates it. The put is conditional on the version that was read just before, so that two
 * writers never lose an update: the later one reads again, and its precondition is judged again. Rating and time of
 * creation stay.
 *
 * @param signal ends it; what was sent by then may have happened
 * @throws {PreconditionFailed} when the product is not as demanded
 * @throws {WriteConflict} when each of five attempts met another writer
 */
export async function putProduct(
  db: DynamoDBDocumentClient,
  table: string,
  id: string,
  content: ProductContent,
  precondition: Precondition = {},
  signal?: AbortSignal,
): Promise<{ value: Product; version: number; created: boolean }> {
  const writeId = randomUUID()
  let current = await readItem(db, table, id, signal)
  for (let attempt = 1; attempt <= attempts; attempt++) {
    demand(precondition, current?.version)
    const item = replacement(id, content, current, writeId)
    const refused = await putIfVersion(db, table, item, current?.version, signal)
    if (!refused) return { value: toProduct(item), version: item.version, created: current === undefined }
    current = refused.rival
  }
  throw new WriteConflict(`Others wrote product ${id} meanwhile, ${attempts} times in a row`)
}

function demand({ match, absent }: Precondition, version: number | undefined): void {
  const matches =
    match === undefined || (version !== undefined && (match === 'any' || match.includes(version)))
  if (!matches || (absent && version !== undefined)) throw new PreconditionFailed(version)
}

function replacement(
  id: string,
  content: ProductContent,
  current: ProductItem | undefined,
  writeId: string,
): ProductItem {
  const now = new Date().toISOString()
  return toItem(id, content, {
    ratingSum: current?.ratingSum ?? 0,
    ratingCount: current?.ratingCount ?? 0,
    version: nextVersion(current?.version ?? 0),
    createdAt: current?.createdAt ?? now,
    updatedAt: now,
    writeId,
  })
}
