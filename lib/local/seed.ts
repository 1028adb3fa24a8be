import { createReadStream } from 'node:fs'
import { ScanCommand } from '@aws-sdk/lib-dynamodb'
import { isComplete } from '../import/report.ts'
import { importCatalogue } from '../import/run.ts'
import { SetupError } from '../project/setupError.ts'
import { connectLocal } from './servers/client.ts'
import { createTables } from './servers/tables.ts'

/** Twenty-four products of a shop that does not exist. */
export const sampleFile = new URL('sample.json', import.meta.url)

/**
 * Creates the tables where they are not there yet, and puts the sample catalogue into the catalog's when it is empty.
 *
 * @param done told what was done, and the ms that it took
 */
export async function fillTable(
  endpoint: string,
  done: (name: string, what: string, ms: number) => void,
  stage = 'local',
): Promise<void> {
  const db = connectLocal(endpoint)
  try {
    let begun = performance.now()
    for (const [index, { name, created }] of (await createTables(db, stage)).entries()) {
      // The first that serverless.yml defines is the catalog's; the others fill themselves.
      if (index > 0) continue
      done('Table', `${name}, ${created ? 'created' : 'found'}`, performance.now() - begun)
      begun = performance.now()
      const { Count } = await db.send(new ScanCommand({ TableName: name, Limit: 1, Select: 'COUNT' }))
      if (Count) continue
      // Not given up half-way: a table with a part of the sample would look filled to the next start.
      const report = await importCatalogue({
        source: createReadStream(sampleFile),
        target: { db, table: name },
      })
      if (!isComplete(report))
        throw new SetupError(
          `The sample catalogue could not be written: ${report.error ?? report.rejects[0]?.reason}`,
        )
      done('Catalogue', `${report.created} sample products`, performance.now() - begun)
    }
  } finally {
    db.destroy()
  }
}
