import { randomUUID } from 'node:crypto'
import { NoSuchProduct } from '../errors.ts'
import type { TableAccess } from '../table/access.ts'
import { toProduct, toReplacement } from '../table/items.ts'
import { mergePatch } from './mergePatch.ts'
import { checkSize, parseProductWithId } from './parseProduct.ts'
import { checkPrecondition, type Precondition } from './precondition.ts'
import type { Product, ProductContent } from './product.ts'
import { putIfVersion } from './putIfVersion.ts'
import { readableIn, readStored } from './readProduct.ts'
import { retryOnConflict } from './retryOnConflict.ts'

/**
 * Changes a product by a JSON merge patch. The patched product is checked like a product that is put, but for images
 * that the patch does not name. If another writer
 * edits the product at the same time, the patch is applied again to the edited product, so both edits survive.
 *
 * @throws {NoSuchProduct} if there is no such product
 * @throws {StoredProductUnreadable} if the stored product cannot be read
 * @throws {PreconditionFailed} if the product does not meet the precondition
 * @throws {InvalidProduct} if the patched product has faults
 * @throws {WriteConflict} if each of five attempts conflicted with another writer
 */
export async function patchProduct(
  access: TableAccess,
  id: string,
  patch: unknown,
  precondition: Precondition = {},
): Promise<{ value: Product; version: number; created: false }> {
  const writeId = randomUUID()
  const seen = await readStored(access, id)
  return retryOnConflict(id, seen, async (current) => {
    const product = readableIn(current)
    if (!product) throw new NoSuchProduct(id)
    checkPrecondition(precondition, product.version)
    const content = parsePatched(toProduct(product), patch)
    const item = toReplacement(id, content, product, writeId)
    const { written, stored } = await putIfVersion(access, item, product.version)
    return written
      ? { done: { value: toProduct(stored), version: stored.version, created: false } }
      : { found: stored }
  })
}

/**
 * Applies a patch and checks the result. Images that the patch does not name stay unchecked: earlier releases accepted
 * urls that are refused today, and a new price must not fail because of them.
 */
function parsePatched(product: Product, patch: unknown): ProductContent {
  const isObject = typeof patch === 'object' && patch !== null && !Array.isArray(patch)
  if (!isObject || Object.hasOwn(patch, 'images'))
    return parseProductWithId(product.id, mergePatch(product, patch))
  const { images, ...rest } = product
  const content = { ...parseProductWithId(product.id, mergePatch(rest, patch)), images }
  checkSize(content)
  return content
}
