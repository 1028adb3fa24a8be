import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseProduct } from '../../lib/catalog/product/parseProduct.ts'
import { readProduct } from '../../lib/catalog/product/readProduct.ts'
import { upsertProduct } from '../../lib/catalog/product/upsertProduct.ts'
import { projectDirectory } from '../../lib/project/projectDirectory.ts'
import { freshDirectory, runCommand } from '../support/cli.ts'
import { freshTables } from '../support/dynamodb.ts'
import { aProduct } from '../support/http.ts'

const current = await freshTables()
const restored = await freshTables()

/** The command of the runbook, with these tables in place of those on AWS. */
const command = [
  ...readFileSync(join(projectDirectory, 'docs/operations.md'), 'utf8').matchAll(/^```sh\n([\s\S]*?)^```$/gm),
]
  .map(([, block = '']) => block)
  .find((block) => block.includes('readProduct'))
  ?.replaceAll('aisle-prod-restored', restored.table)
  .replaceAll('aisle-prod', current.table)

test('the command of the runbook copies products from a restored table and raises their versions', async () => {
  const content = (title: string) => parseProduct({ ...aProduct, title }).content
  for (const id of ['1', '2', '4']) {
    await upsertProduct(restored, { id, content: content(`Good ${id}`) })
    await upsertProduct(current, { id, content: content(`Good ${id}`) })
  }
  for (const id of ['1', '4']) await upsertProduct(current, { id, content: content(`Bad ${id}`) })
  const before = await readProduct(current, '1')

  const run = runCommand('bash', ['-eo', 'pipefail', '-c', command ?? 'false'], {
    ...{ PATH: process.env.PATH, HOME: freshDirectory(), AWS_ENDPOINT_URL_DYNAMODB: current.endpoint },
    ...{ AWS_REGION: 'local', AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' },
  })
  expect({ code: await run.ended, output: run.out() + run.err() }).toMatchObject({ code: 0 })
  expect(run.err()).toContain('3: it was not there')

  const after = await readProduct(current, '1')
  expect(after?.title).toBe('Good 1')
  expect(after?.version).toBeGreaterThan(before?.version ?? Number.NaN)
  // A product that the command does not name stays unchanged.
  expect((await readProduct(current, '4'))?.title).toBe('Bad 4')
}, 60_000)
