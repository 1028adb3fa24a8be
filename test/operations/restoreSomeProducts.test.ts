import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseProduct } from '../../lib/catalog/product/product.ts'
import { readProduct } from '../../lib/catalog/product/readProduct.ts'
import { upsertProduct } from '../../lib/catalog/product/upsertProduct.ts'
import { projectFolder } from '../../lib/project/folder.ts'
import { freshFolder, runCommand } from '../support/cli.ts'
import { freshTables } from '../support/dynamodb.ts'
import { aProduct } from '../support/http.ts'

const living = await freshTables()
const restored = await freshTables()

/** The command of the runbook, with these tables in the place of those of AWS. */
const command = [
  ...readFileSync(join(projectFolder, 'docs/operations.md'), 'utf8').matchAll(/^```sh\n([\s\S]*?)^```$/gm),
]
  .map(([, block = '']) => block)
  .find((block) => block.includes('readProduct'))
  ?.replaceAll('aisle-prod-restored', restored.table)
  .replaceAll('aisle-prod', living.table)

test('products of a restored table are put back by the command of the runbook, with versions that rise', async () => {
  const content = (title: string) => parseProduct({ ...aProduct, title }).content
  for (const id of ['1', '2', '4']) {
    await upsertProduct(restored, { id, content: content(`Good ${id}`) })
    await upsertProduct(living, { id, content: content(`Good ${id}`) })
  }
  for (const id of ['1', '4']) await upsertProduct(living, { id, content: content(`Bad ${id}`) })
  const before = await readProduct(living, '1')

  const run = runCommand('bash', ['-eo', 'pipefail', '-c', command ?? 'false'], {
    ...{ PATH: process.env.PATH, HOME: freshFolder(), AWS_ENDPOINT_URL_DYNAMODB: living.endpoint },
    ...{ AWS_REGION: 'local', AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' },
  })
  expect({ code: await run.ended, said: run.out() + run.err() }).toMatchObject({ code: 0 })
  expect(run.err()).toContain('3: it was not there')

  const after = await readProduct(living, '1')
  expect(after?.title).toBe('Good 1')
  expect(after?.version).toBeGreaterThan(before?.version ?? Number.NaN)
  // Those that were not named stay.
  expect((await readProduct(living, '4'))?.title).toBe('Bad 4')
}, 60_000)
