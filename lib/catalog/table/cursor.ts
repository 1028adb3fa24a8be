import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb'
import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import { unmarshall } from '@aws-sdk/util-dynamodb'
import { InvalidCursor } from '../errors.ts'
import type { TableAccess } from './access.ts'
import { cursorSecretKey } from './keys.ts'

/** Signs and reads cursors. A client can neither change a cursor nor use it for another list. */
export interface Cursors {
  /**
   * Returns a cursor for a position.
   *
   * @param scope the list that the cursor belongs to, such as `listing/clothing`
   * @param position up to 700 bytes; not secret, since anyone who has the cursor can decode it
   * @throws {RangeError} for a longer position; and what the SDK throws while the process has not read the key yet
   */
  sign(scope: string, position: string, signal?: AbortSignal): Promise<string>
  /**
   * Returns the position of a cursor that {@link sign} made for the same scope.
   *
   * @throws {InvalidCursor} for any other text; and what the SDK throws while the process has not read the key yet
   */
  read(scope: string, cursor: string, signal?: AbortSignal): Promise<string>
}

/** The maximum length of a cursor, in characters. Longer cursors are refused without being decoded. */
const maxLength = 1024

/** How long reading or creating the key may take, in ms. */
const keyTimeoutMs = 2000

/**
 * Opens the cursors of a table. They are signed with HMAC-SHA256, truncated to 128 bits:
 * `base64url(position).base64url(signature)`.
 *
 * The key is an item of the table: 32 random bytes. The first process that needs the key writes it, and each process
 * reads it once. So there is no secret to configure, and all processes share one key. The key protects only the integrity
 * of cursors; anyone who can read the table does not need a forged cursor. To change the key, delete the item and restart
 * the functions, since a process keeps the key it has read. Older cursors are then invalid, and clients start at the
 * beginning of the list again.
 */
export function openCursors(access: TableAccess): Cursors {
  let key: Promise<Uint8Array> | undefined
  const getKey = async (signal: AbortSignal | undefined) => {
    // Other callers wait for the same key, so the first caller's signal must not abort reading it.
    key ??= readOrCreateKey(access, AbortSignal.timeout(keyTimeoutMs)).catch((error) => {
      key = undefined
      throw error
    })
    return signal ? Promise.race([key, rejectOnAbort(signal)]) : key
  }
  const sign: Cursors['sign'] = async (scope, position, signal) => {
    const signature = createHmac('sha256', await getKey(signal))
      .update(JSON.stringify([scope, position]))
      .digest()
    return `${Buffer.from(position).toString('base64url')}.${signature.toString('base64url', 0, 16)}`
  }
  return {
    async sign(scope, position, signal) {
      if (Buffer.byteLength(position) > 700)
        throw new RangeError('The position of a cursor has at most 700 bytes')
      return sign(scope, position, signal)
    },
    async read(scope, cursor, signal) {
      if (cursor.length > maxLength || !/^[\w-]*\.[\w-]{22}$/.test(cursor)) throw new InvalidCursor()
      const position = Buffer.from(cursor.split('.')[0] ?? '', 'base64url').toString()
      // Compares the whole text, not the decoded bytes: each position has exactly one valid cursor.
      const expected = Buffer.from(await sign(scope, position, signal))
      const actual = Buffer.from(cursor)
      if (actual.length !== expected.length || !timingSafeEqual(actual, expected)) throw new InvalidCursor()
      return position
    },
  }
}

async function readOrCreateKey(access: TableAccess, abortSignal: AbortSignal): Promise<Uint8Array> {
  const { Item } = await access.db.send(
    new GetCommand({ TableName: access.table, Key: cursorSecretKey, ConsistentRead: true }),
    { abortSignal },
  )
  if (Item) return Item.key
  const key = randomBytes(32)
  try {
    await access.db.send(
      new PutCommand({
        TableName: access.table,
        Item: { ...cursorSecretKey, key },
        ConditionExpression: 'attribute_not_exists(pk)',
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      }),
      { abortSignal },
    )
    return key
  } catch (error) {
    // Another process wrote the key first, or the SDK retried a put whose response was lost. Either way, use the stored key.
    if (!(error instanceof ConditionalCheckFailedException) || !error.Item) throw error
    return unmarshall(error.Item).key
  }
}

const rejectOnAbort = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason)
    else signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
