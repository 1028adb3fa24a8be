import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb'
import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import { unmarshall } from '@aws-sdk/util-dynamodb'
import { InvalidCursor } from '../errors.ts'
import type { TableAccess } from './access.ts'

/** Makes cursors that their reader can neither change nor use for another list. */
export interface Cursors {
  /**
   * A cursor that stands for a position.
   *
   * @param scope the list that it belongs to, such as `listing/clothing`
   * @param position up to 700 bytes, not secret: it can be read by whoever has the cursor
   * @throws {RangeError} for a longer position; and what the SDK throws, while the key is not known yet
   */
  sign(scope: string, position: string, signal?: AbortSignal): Promise<string>
  /**
   * The position that {@link sign} was given for the same scope.
   *
   * @throws {InvalidCursor} for any other text; and what the SDK throws, while the key is not known yet
   */
  read(scope: string, cursor: string, signal?: AbortSignal): Promise<string>
}

/** Characters. Longer ones are refused unread. */
const longest = 1024

/** The most that the key may take to come, ms. */
const keyTimeout = 2000

const secretKey = { pk: 'SECRET', sk: 'CURSOR' }

/**
 * Cursors signed with HMAC-SHA256, 128 bits of it: `base64url(position).base64url(signature)`.
 *
 * The key is an item of the table, 32 random bytes that the first process to need them writes, and each process reads
 * once. So there is no secret to configure, and every process has the same. It guards nothing but the integrity of
 * cursors, and whoever can read the table needs no forged one. To have another key delete the item and start the
 * functions anew (a process keeps what it has read): cursors given out before are then invalid, and readers begin at
 * the first page again.
 */
export function openCursors(access: TableAccess): Cursors {
  let key: Promise<Uint8Array> | undefined
  const keyFor = async (signal: AbortSignal | undefined) => {
    // Not under the signal of the caller who happens to be first: others wait for the same key.
    key ??= secret(access, AbortSignal.timeout(keyTimeout)).catch((error) => {
      key = undefined
      throw error
    })
    return signal ? Promise.race([key, aborted(signal)]) : key
  }
  const sign: Cursors['sign'] = async (scope, position, signal) => {
    const signature = createHmac('sha256', await keyFor(signal))
      .update(JSON.stringify([scope, position]))
      .digest()
    return `${Buffer.from(position).toString('base64url')}.${signature.toString('base64url', 0, 16)}`
  }
  return {
    async sign(scope, position, signal) {
      if (Buffer.byteLength(position) > 700) throw new RangeError('A cursor has no room for this position')
      return sign(scope, position, signal)
    },
    async read(scope, cursor, signal) {
      if (cursor.length > longest || !/^[\w-]*\.[\w-]{22}$/.test(cursor)) throw new InvalidCursor()
      const position = Buffer.from(cursor.split('.')[0] ?? '', 'base64url').toString()
      // The whole text: a position has one spelling.
      const expected = Buffer.from(await sign(scope, position, signal))
      const given = Buffer.from(cursor)
      if (given.length !== expected.length || !timingSafeEqual(given, expected)) throw new InvalidCursor()
      return position
    },
  }
}

/** The key as the table has it, put there where it has none. */
async function secret(access: TableAccess, abortSignal: AbortSignal): Promise<Uint8Array> {
  const { Item } = await access.db.send(
    new GetCommand({ TableName: access.table, Key: secretKey, ConsistentRead: true }),
    {
      abortSignal,
    },
  )
  if (Item) return Item.key
  const key = randomBytes(32)
  try {
    await access.db.send(
      new PutCommand({
        TableName: access.table,
        Item: { ...secretKey, key },
        ConditionExpression: 'attribute_not_exists(pk)',
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      }),
      { abortSignal },
    )
    return key
  } catch (error) {
    // Another process was first, or the SDK repeated a put whose answer was lost: what stands there counts.
    if (!(error instanceof ConditionalCheckFailedException) || !error.Item) throw error
    return unmarshall(error.Item).key
  }
}

const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason)
    else signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
