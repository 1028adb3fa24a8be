/** The maximum depth of a reply. The review that starts a thread has depth 0. */
export const maxDepth = 16

/** The maximum number of replies in a thread. */
export const maxReplies = 500

/**
 * The maximum size of a thread's replies as JSON, in bytes. It guarantees that a whole thread fits into one response.
 */
export const maxReplyBytes = 384 * 1024

/**
 * What customers may fill of a thread. The rest is a reserve for those who may name authors (`catalog:write`), so that the
 * shop can always answer.
 */
export const customersLimits: ThreadSize = { replies: maxReplies - 20, bytes: maxReplyBytes - 32 * 1024 }

/** What one customer may fill of a thread, so that nobody closes it for the others. */
export const shareOfCustomer: ThreadSize = { replies: 20, bytes: 64 * 1024 }

/** Where a review belongs. It is stored with the review, and no response contains it. */
export interface ThreadPlace {
  /**
   * The key in the index `byThread`: `<time>#<id>` for the review that starts a thread, and
   * `<time>#<id>#<time of the reply>#<id of the reply>` for every reply in the thread, at any depth.
   *
   * Read backwards, the newest thread comes first: its replies, then the review that started it. `#` sorts before every
   * character of an id and of a time, so no thread comes between the replies of another one: `a#…` sorts before `ab`.
   */
  thread: string
  depth: number
}

/** The size of a thread's replies. */
export interface ThreadSize {
  replies: number
  bytes: number
}

/** The parts of a review that its place follows from. */
interface Named {
  id: string
  createdAt: string
}

/** Returns the place of a review that starts a thread. */
export const placeOfRoot = (review: Named): ThreadPlace => ({ thread: toKey(review), depth: 0 })

/** Returns the place of a reply to the review at `parent`. */
export const placeOfReply = (parent: ThreadPlace, reply: Named): ThreadPlace => ({
  thread: `${rootOf(parent.thread)}#${toKey(reply)}`,
  depth: parent.depth + 1,
})

/** Returns the key of the review that started the thread. */
export const rootOf = (thread: string): string => thread.split('#', 2).join('#')

/** Returns the id of the review that started the thread. */
export const rootIdOf = (thread: string): string => thread.split('#', 2)[1] ?? ''

/** Returns an error message if the thread takes no reply to `parent`; otherwise undefined. */
export function replyError(parent: ThreadPlace, { replies, bytes }: ThreadSize): string | undefined {
  if (parent.depth >= maxDepth) return `Replies are at most ${maxDepth} levels deep`
  if (replies >= maxReplies) return `A thread has at most ${maxReplies} replies`
  if (bytes >= maxReplyBytes) return `A thread has at most ${maxReplyBytes} bytes of replies`
  return undefined
}

/**
 * Returns an error message if the thread takes no further reply of a customer; otherwise undefined.
 *
 * @param all the size of all replies
 * @param own the size of the customer's replies
 */
export function shareError(all: ThreadSize, own: ThreadSize): string | undefined {
  const { replies, bytes } = shareOfCustomer
  if (own.replies >= replies || own.bytes >= bytes)
    return `A customer has at most ${replies} replies and ${bytes} bytes of replies in a thread`
  if (all.replies >= customersLimits.replies || all.bytes >= customersLimits.bytes)
    return 'The thread is full: it takes no further replies of customers'
  return undefined
}

/** Times are compared as text, so every time is written in the same precision. */
const toKey = ({ id, createdAt }: Named) => `${new Date(createdAt).toISOString()}#${id}`
