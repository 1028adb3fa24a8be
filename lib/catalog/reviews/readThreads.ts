import type { TableAccess } from '../table/access.ts'
import { productKey } from '../table/items.ts'
import { query } from '../table/query.ts'
import type { ReviewItem } from './review.ts'
import { type ReviewThread, toLeaf, toTree } from './reviewTree.ts'
import { rootOf } from './thread.ts'

/** The most that the threads of one answer may be as JSON, bytes. A full thread fits. */
export const maxThreadsBytes = 512 * 1024

/** Some threads, newest first, and the key of the last one where more follow. */
export interface Threads {
  threads: ReviewThread[]
  last?: string
}

/**
 * Reads review threads, newest first.
 *
 * Access: Query of the local index `byThread` by product and, from the second page on, `thread < after`, backwards,
 * strongly consistent. One request takes five items for each thread asked for, the next ones twice as many each, so
 * that the cost follows from what is shown and not from how much there is: a read unit for each 4 KB.
 *
 * An answer ends before the thread that it has no room for, and the next one begins there. Of a thread that alone has
 * no room in it (an import may bring such) the oldest replies are left out.
 *
 * @param after `last` of the answer before
 * @throws what the SDK throws
 */
export async function readThreads(
  access: TableAccess,
  productId: string,
  { count, after }: { count: number; after?: string | undefined },
): Promise<Threads> {
  const threads: ReviewThread[] = []
  let last = after
  let bytes = 0
  // The thread that is being read, the newest first as it comes.
  let key: string | undefined
  let leaves: ReviewThread[] = []
  const close = () => {
    const [root, ...replies] = leaves.reverse()
    if (root) threads.push(toTree([root, ...replies]))
    last = key
    leaves = []
  }
  for await (const item of backwards(access, productId, after, 5 * count)) {
    const root = rootOf(item.thread)
    if (root !== key) {
      if (key !== undefined) close()
      if (threads.length === count) return { threads, ...(last !== undefined && { last }) }
      key = root
    }
    const leaf = toLeaf(item)
    const size = Buffer.byteLength(JSON.stringify(leaf))
    if (bytes + size > maxThreadsBytes) {
      if (last !== undefined && threads.length > 0) return { threads, last }
      if (item.thread !== root) continue
    }
    bytes += size
    leaves.push(leaf)
  }
  if (key !== undefined) close()
  return { threads }
}

/** The reviews of a product by their threads, from the newest on. */
const backwards = (access: TableAccess, productId: string, after: string | undefined, limit: number) =>
  query<ReviewItem>(
    access,
    {
      IndexName: 'byThread',
      ConsistentRead: true,
      ScanIndexForward: false,
      KeyConditionExpression: after === undefined ? 'pk = :pk' : 'pk = :pk AND thread < :after',
      ExpressionAttributeValues: {
        ':pk': productKey(productId).pk,
        ...(after !== undefined && { ':after': after }),
      },
      Limit: limit,
    },
    2,
  )
