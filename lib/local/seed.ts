import { createReadStream } from 'node:fs'
import { ScanCommand } from '@aws-sdk/lib-dynamodb'
import { importCatalogue } from '../import/importCatalogue.ts'
import { isComplete } from '../import/report.ts'
import { SetupError } from '../project/setupError.ts'
import { connectLocal } from './servers/client.ts'
import { createTables } from './servers/createTables.ts'

/** Twenty-four products of a fictional shop. */
export const sampleFile = new URL('sample.json', import.meta.url)

/**
 * Creates the missing tables, and imports the sample catalogue if the catalogue's table is empty.
 *
 * @param onReady receives each step's name, its description, and the ms that it took
 */
export async function seedTables(
  endpoint: string,
  onReady: (name: string, description: string, ms: number) => void,
  stage = 'local',
): Promise<void> {
  const db = connectLocal(endpoint)
  try {
    let begun = performance.now()
    // The first table in resources/tables.yml is the catalogue's. The functions fill the others.
    const [catalogue] = await createTables(db, stage)
    if (!catalogue) throw new SetupError('resources/tables.yml defines no table')
    const { name, created } = catalogue
    onReady('Table', `${name}, ${created ? 'created' : 'found'}`, performance.now() - begun)
    begun = performance.now()
    const { Count } = await db.send(new ScanCommand({ TableName: name, Limit: 1, Select: 'COUNT' }))
    if (Count) return
    // Takes no abort signal, because the next start would not complete a partly imported sample.
    const report = await importCatalogue({
      source: createReadStream(sampleFile),
      target: { db, table: name },
    })
    if (!isComplete(report))
      throw new SetupError(
        `The sample catalogue could not be imported: ${report.error ?? report.rejects[0]?.reason}`,
      )
    onReady('Catalogue', `${report.created} sample products`, performance.now() - begun)
  } finally {
    db.destroy()
  }
}
