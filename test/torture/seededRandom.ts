import { createHash } from 'node:crypto'

/** Returns a generator of pseudo-random numbers, from 0 to below 1. The same seed gives the same numbers. */
export function seededRandom(seed: string): () => number {
  let count = 0
  return () => createHash('sha256').update(`${seed} ${count++}`).digest().readUInt32LE() / 2 ** 32
}
