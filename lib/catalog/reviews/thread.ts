/** How deep a reply may lie below the review that began its thread, which has depth 0. */
export const maxDepth = 16

/** How many replies a thread takes. */
export const maxReplies = 500

/** How much the replies of a thread may be as JSON, bytes. So a thread fits into one answer, always. */
export const maxReplyBytes = 384 * 1024

/** Where a review stands. Kept with it, and shown to nobody. */
export interface ThreadPlace {
  /**
   * The key of index `byThread`: `<time>#<id>` for the review that begins a thread, and
   * `<time>#<id>#<time of the reply>#<id of the reply>` for every reply in it, however deep.
   *
   * Backwards, that is the newest thread first: its replies, then the review that began it. `#` is below every
   * character of an id and of a time, so that no thread stands between another one's replies: `a#…` is below `ab`.
   */
  thread: string
  depth: number
}

/** What a thread holds beside the review that began it. */
export interface Fill {
  replies: number
  bytes: number
}

/** A review as far as its place depends on it. */
interface Named {
  id: string
  createdAt: string
}

/** The place of a review that answers none. */
export const placeOfRoot = (review: Named): ThreadPlace => ({ thread: stamp(review), depth: 0 })

/** The place of a reply to a review at `parent`. */
export const placeOfReply = (parent: ThreadPlace, reply: Named): ThreadPlace => ({
  thread: `${rootOf(parent.thread)}#${stamp(reply)}`,
  depth: parent.depth + 1,
})

/** The key of the review that began the thread. */
export const rootOf = (thread: string): string => thread.split('#', 2).join('#')

/** Why one more reply has no place, in words for whoever wrote it; undefined: it has. */
export function refusal(parent: ThreadPlace, { replies, bytes }: Fill): string | undefined {
  if (parent.depth >= maxDepth) return `Replies lie at most ${maxDepth} deep`
  if (replies >= maxReplies) return `A thread takes at most ${maxReplies} replies`
  if (bytes >= maxReplyBytes) return `A thread takes at most ${maxReplyBytes} bytes of replies`
  return undefined
}

/** Times in one spelling, since they are compared as text. */
const stamp = ({ id, createdAt }: Named) => `${new Date(createdAt).toISOString()}#${id}`
