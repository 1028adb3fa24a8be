import { randomUUID } from 'node:crypto'
import type { KeyedWrite } from '../../lib/catalog/writes.ts'

/** Creates a write with a new key, which may be repeated for an hour. */
export const createKeyedWrite = (): KeyedWrite => ({
  id: randomUUID(),
  fingerprint: 'what it asks for',
  expiresAt: Math.floor(Date.now() / 1000) + 3600,
})
