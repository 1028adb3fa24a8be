import { createHash } from 'node:crypto'

/** Numbers from 0 to below 1 that look random and are the same for the same seed. */
export function numbersFrom(seed: string): () => number {
  let count = 0
  return () => createHash('sha256').update(`${seed} ${count++}`).digest().readUInt32LE() / 2 ** 32
}
