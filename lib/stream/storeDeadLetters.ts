import { createHash } from 'node:crypto'
import type { Upkeep } from '../catalog/upkeep.ts'
import { inParallel } from '../project/inParallel.ts'
import type { Malformed } from './records.ts'
import type { Tasks } from './tasks.ts'

/** How much of a record is stored, in characters of at most three bytes each: an item holds 400 KB. */
const maxLength = 100_000

/**
 * Stores malformed records in the table, so that an operator can find out what they were. Storing a record again
 * overwrites the same item.
 */
export async function storeDeadLetters(
  catalog: Pick<Upkeep, 'storeDeadLetter'>,
  malformed: Malformed[],
  tasks: Tasks,
  signal: AbortSignal,
): Promise<void> {
  const letters = malformed.map(({ record, error, sequenceNumber }) => {
    const text = JSON.stringify(record) ?? String(record)
    const name = sequenceNumber ?? createHash('sha256').update(text).digest('hex')
    tasks.add(`dead letter ${name}`, sequenceNumber)
    return { name, record: text.slice(0, maxLength), error: String(error) }
  })
  await inParallel(letters, { atOnce: 8, signal }, (letter) =>
    tasks.run(`dead letter ${letter.name}`, () => catalog.storeDeadLetter(letter, signal)),
  )
}
