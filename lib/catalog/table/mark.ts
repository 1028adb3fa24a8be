import { GetCommand } from '@aws-sdk/lib-dynamodb'
import { KeyReused, Refusal } from '../errors.ts'
import { requestOptions, type TableAccess } from './access.ts'
import { markKey } from './keys.ts'
import type { TransactItems } from './transact.ts'

/** A write that its caller may repeat. Until it expires, a repetition changes nothing. */
export interface KeyedWrite {
  /** A UUID. It is the same for every attempt that the caller makes with the same key. */
  id: string
  /** A hash of everything that the attempt asks for. It differs if the caller uses the key for another write. */
  fingerprint: string
  /** When the promise of this attempt ends, in seconds since the epoch. */
  expiresAt: number
  /**
   * Called if the mark of an earlier attempt is found. The promise is then that of the earlier attempt, and ends
   * earlier.
   */
  onEarlier?: () => void
}

/** What a completed write changed or created. A repetition needs it to return the result again. */
export interface Made {
  productId: string
  /**
   * The creation time of the product or of the review. It distinguishes the created product from another one with the
   * same id.
   */
  createdAt?: string
  /** The posted review. */
  reviewId?: string
  /** False if the posted review replaced an earlier one. */
  created?: boolean
}

/**
 * The item that a completed write leaves. It is only valid until `expiresAt`, whether or not DynamoDB has deleted it.
 */
type MarkItem = ReturnType<typeof markKey> & Made & Pick<KeyedWrite, 'fingerprint' | 'expiresAt'>

/**
 * Returns the put of a write's mark. It must be in the same transaction as the write, so that the table holds both or
 * neither. If the mark of an earlier attempt is valid, the put fails its condition, and with it the transaction. Then
 * {@link readMark} returns that mark.
 *
 * The put costs two write units. The mark has its own partition, so a product with many writes has no large partition.
 *
 * @param made what the write changes or creates
 */
export function toMarkPut(
  { table }: TableAccess,
  { id, fingerprint, expiresAt }: KeyedWrite,
  made: Made,
): TransactItems[number] {
  const item: MarkItem = { ...markKey(id), fingerprint, expiresAt, ...made }
  return {
    Put: {
      TableName: table,
      Item: item,
      // DynamoDB deletes expired items hours or days later, so the time is compared here.
      ConditionExpression: 'attribute_not_exists(pk) OR expiresAt <= :now',
      ExpressionAttributeValues: { ':now': Date.now() / 1000 },
    },
  }
}

/**
 * Reads the mark of a write with a strongly consistent read, which costs one read unit.
 *
 * Call it after any refused transaction that contains {@link toMarkPut}, and after any other refusal, as
 * {@link orEarlierResult} does. It does not rely on the reasons of a refused transaction, because DynamoDB does not
 * document that it names every failed condition.
 *
 * @returns what an earlier attempt made. Undefined if no attempt has succeeded, if the mark has expired, or if the
 *   write has no key. The write then has to be done
 * @throws {KeyReused} if the key was used for another write
 * @throws what the SDK throws
 */
export async function readMark(
  access: TableAccess,
  write: KeyedWrite | undefined,
): Promise<Made | undefined> {
  if (!write) return undefined
  const { Item } = await access.db.send(
    new GetCommand({ TableName: access.table, Key: markKey(write.id), ConsistentRead: true }),
    requestOptions(access),
  )
  const mark = Item as MarkItem | undefined
  if (!mark || mark.expiresAt <= Date.now() / 1000) return undefined
  if (mark.fingerprint !== write.fingerprint) throw new KeyReused()
  write.onEarlier?.()
  return mark
}

/**
 * Does a write. If it is refused, but an earlier attempt has succeeded, it returns the result of that attempt. The
 * earlier attempt may be the reason for the refusal, for example if it took the last of a stock. It can commit at any
 * moment until the refused write has read what refuses it. So the mark is read after the refusal: a mark that is read
 * earlier may be too old.
 *
 * @param toResult returns the result of the attempt that made this
 * @throws {KeyReused} if the write was refused, and its key was used for another write
 * @throws what `write` throws
 */
export async function orEarlierResult<T>(
  access: TableAccess,
  keyed: KeyedWrite | undefined,
  write: () => Promise<T>,
  toResult: (made: Made) => T | Promise<T>,
): Promise<T> {
  try {
    return await write()
  } catch (error) {
    const made = error instanceof Refusal ? await readMark(access, keyed) : undefined
    if (!made) throw error
    return toResult(made)
  }
}
