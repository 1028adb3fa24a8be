import { createHash } from 'node:crypto'
import type { Upkeep } from '../catalog/upkeep.ts'
import { inParallel } from '../clients/inParallel.ts'
import type { Malformed } from './records.ts'
import type { Tasks } from './tasks.ts'

/** The most of a record that is kept, in characters of at most three bytes: an item takes 400 KB. */
const longest = 100_000

/** Keeps malformed records in the table, for whoever finds out what they were. Kept again one is the same item. */
export async function keepDeadLetters(
  catalog: Pick<Upkeep, 'keepDeadLetter'>,
  malformed: Malformed[],
  tasks: Tasks,
  signal: AbortSignal,
): Promise<void> {
  const letters = malformed.map(({ record, error, sequenceNumber }) => {
    const text = JSON.stringify(record) ?? String(record)
    const name = sequenceNumber ?? createHash('sha256').update(text).digest('hex')
    tasks.demand(`dead letter ${name}`, sequenceNumber)
    return { name, record: text.slice(0, longest), error: String(error) }
  })
  await inParallel(letters, { atOnce: 8, signal }, (letter) =>
    tasks.attempt(`dead letter ${letter.name}`, () => catalog.keepDeadLetter(letter, signal)),
  )
}
