import type { TableAccess } from '../table/access.ts'
import { productKey } from '../table/keys.ts'
import { query } from '../table/query.ts'
import type { ReviewItem } from './review.ts'
import { type ReviewThread, toLeaf, toTree } from './reviewTree.ts'
import { rootOf } from './thread.ts'

/** The maximum size of the threads in one response as JSON, in bytes. A full thread fits. */
export const maxThreadsBytes = 512 * 1024

/** Review threads, newest first. `last` is the key of the last thread if more threads follow. */
export interface Threads {
  threads: ReviewThread[]
  last?: string
}

/**
 * Reads review threads, newest first.
 *
 * Access: a Query of the local index `byThread`, backwards, strongly consistent, one read unit per 4 KB. Its condition is
 * the product and, after the first page, `thread < after`. The first request reads five items per requested thread, and
 * each further request twice as many, so the cost depends on what is returned, not on how many reviews exist.
 *
 * If the next thread does not fit into the response, the response ends before it, and the next one starts with it. An
 * import can bring a thread that is too large for any response; its oldest replies are left out.
 *
 * @param after `last` of the response before; without it, the newest threads
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
  // The thread that is being read: the key of its root, and its reviews so far, newest first.
  let key: string | undefined
  let leaves: ReviewThread[] = []
  const finishThread = () => {
    const [root, ...replies] = leaves.reverse()
    if (root) threads.push(toTree([root, ...replies]))
    last = key
    leaves = []
  }
  for await (const item of queryBackwards(access, productId, after, 5 * count)) {
    const root = rootOf(item.thread)
    if (root !== key) {
      if (key !== undefined) finishThread()
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
  if (key !== undefined) finishThread()
  return { threads }
}

const queryBackwards = (access: TableAccess, productId: string, after: string | undefined, limit: number) =>
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
