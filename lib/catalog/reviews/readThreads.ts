import type { TableAccess } from '../table/access.ts'
import { productKey } from '../table/keys.ts'
import { query } from '../table/query.ts'
import { countUnreadable } from '../table/unreadable.ts'
import type { Plain } from '../table/values.ts'
import { isReadableReview } from './readableReview.ts'
import { type ReviewThread, toLeaf, toTree } from './reviewTree.ts'
import { rootOf } from './thread.ts'

/** The maximum size of the threads in one response as JSON, in bytes. A full thread fits. */
export const maxThreadsBytes = 512 * 1024

/**
 * The size at which a response takes no further thread, in bytes. Only a response of a single thread is larger. Threads
 * that are hidden count too, so this bounds what a response costs to read: docs/limits.md.
 */
export const enoughThreadsBytes = 128 * 1024

/** Review threads, newest first. `last` is the key of the last thread if more threads follow. */
export interface Threads {
  threads: ReviewThread[]
  last?: string
}

/**
 * Reads review threads, newest first.
 *
 * Requests: Queries of the local index `byThread`, backwards; one read unit per 4 KB, or per 8 KB without `consistent`.
 * Their condition is the product and, after the first page, `thread < after`. Each request reads five items more than
 * there are threads to return. So the cost depends on what is returned, not on how many reviews exist. A larger request
 * could read a megabyte of long reviews that do not fit.
 *
 * If the next thread does not fit into the response, the response ends before it, and the next one starts with it. An
 * import can bring a thread that is too large for any response; its oldest replies are left out, and not read either.
 *
 * A thread is left out if its review was removed, even while its replies are still being deleted, or if another program
 * wrote the review so that it cannot be read. If the review is missing, the oldest reply takes its place, so that the
 * others are not lost. If the hidden threads are long, the response ends early, perhaps without any thread, and `last`
 * leads past them.
 *
 * @param options.after `last` of the response before; without it, the newest threads
 * @param options.consistent whether the read is strongly consistent. Only a value that no write removes may do without
 * @throws what the SDK throws
 */
export async function readThreads(
  access: TableAccess,
  productId: string,
  { count, after, consistent = true }: { count: number; after?: string | undefined; consistent?: boolean },
): Promise<Threads> {
  const threads: ReviewThread[] = []
  let last = after
  let bytes = 0
  // The thread that is being read: the key of its root, and its reviews so far, newest first.
  let key: string | undefined
  let leaves: ReviewThread[] = []
  let isHidden = false
  const finishThread = () => {
    const [root, ...replies] = leaves.reverse()
    if (root && !isHidden) threads.push(toTree([root, ...replies]))
    last = key
    leaves = []
    isHidden = false
  }
  const upTo = (end: string | undefined, including: boolean) =>
    query<Plain & { thread: string }>(access, {
      ...toQuery(productId, end, including ? '<=' : '<'),
      ConsistentRead: consistent,
      Limit: count + 5,
    })
  let items = upTo(after, false)
  for (let next = await items.next(); !next.done; next = await items.next()) {
    const item = next.value
    const root = rootOf(item.thread)
    if (root !== key) {
      if (key !== undefined) finishThread()
      if (threads.length === count) return { threads, ...(last !== undefined && { last }) }
      key = root
    }
    const leaf = isReadableReview(item) && item.removed === undefined ? toLeaf(item) : undefined
    const size = Buffer.byteLength(JSON.stringify(leaf ?? item))
    // `last` is the end of the last thread that this call has read, which may be hidden.
    if (bytes + size > enoughThreadsBytes && last !== undefined && last !== after) return { threads, last }
    if (bytes + size > maxThreadsBytes && item.thread !== root) {
      // Continues at the root, past the replies that do not fit.
      items = upTo(root, true)
      continue
    }
    bytes += size
    if (!leaf) {
      const isUnreadable = item.removed === undefined || !isReadableReview(item)
      if (isUnreadable) countUnreadable('REVIEW')
      isHidden ||= !isUnreadable || item.thread === root
      continue
    }
    leaves.push(leaf)
  }
  if (key !== undefined) finishThread()
  return { threads }
}

const toQuery = (productId: string, end: string | undefined, comparison: '<' | '<=') => ({
  IndexName: 'byThread',
  ScanIndexForward: false,
  KeyConditionExpression: end === undefined ? 'pk = :pk' : `pk = :pk AND thread ${comparison} :end`,
  ExpressionAttributeValues: { ':pk': productKey(productId).pk, ...(end !== undefined && { ':end': end }) },
})
