import type { ProductPage, ReviewThread } from '../catalog/index.ts'
import { formatDate } from './date.ts'
import { type Html, html, trusted } from './html.ts'
import { ratingLine, ratingStars } from './rating.ts'

/** The deepest level that is indented. Deeper replies are not indented and name the author whom they answer. */
const deepestIndent = 4

/** Renders the newest review threads with all their replies. */
export const reviews = ({ reviews: threads, rating }: Pick<ProductPage, 'reviews' | 'rating'>): Html =>
  html`<section class="reviews" id="reviews" aria-labelledby="reviews-title">
<div>
<h2 id="reviews-title">Reviews</h2>
!${trusted(threads.length === 0 ? html`<p class="quiet">Nobody has written about this yet.</p>` : undefined)}
!${trusted(rating.count === 0 ? undefined : html`<p>!${trusted(ratingLine(rating))}</p>`)}
!${trusted(rating.count > threads.length ? html`<p class="quiet">The newest ${threads.length} are shown.</p>` : undefined)}
</div>
<div>!${trusted(threads.map(thread))}</div>
</section>`

const thread = (root: ReviewThread) => html`<article class="thread">!${trusted(review(root))}!${trusted(
  root.replies.length === 0
    ? undefined
    : html`<details open><summary>${replyCount(root)}</summary>!${trusted(replies(root, 1))}</details>`,
)}</article>
`

const replies = ({ replies: all, author }: ReviewThread, depth: number): Html =>
  html`<ol class="${depth > deepestIndent ? 'replies flat' : 'replies'}">!${trusted(
    all.map(
      (reply) => html`<li>!${trusted(review(reply, depth > deepestIndent ? author : undefined))}!${trusted(
        reply.replies.length === 0 ? undefined : replies(reply, depth + 1),
      )}</li>
`,
    ),
  )}</ol>`

/** @param recipient the author whom a reply answers, if the indentation does not show it */
const review = ({ id, rating, title, body, author, createdAt }: ReviewThread, recipient?: string) =>
  html`<div class="review" id="${id}">
!${trusted(
    rating === undefined && title === undefined
      ? undefined
      : html`<h3>!${trusted(rating === undefined ? undefined : ratingStars(rating))} <span dir="auto">${title}</span></h3>`,
  )}
<p class="quiet"><bdi>${author}</bdi>!${trusted(
    recipient === undefined ? undefined : html` to <bdi>${recipient}</bdi>`,
  )}, <time datetime="${createdAt}">${formatDate(createdAt)}</time></p>
<p class="text" dir="auto">${body}</p>
</div>`

function replyCount(root: ReviewThread): string {
  const count = threadSize(root) - 1
  return count === 1 ? '1 reply' : `${count} replies`
}

const threadSize = ({ replies }: ReviewThread): number =>
  replies.reduce((sum, reply) => sum + threadSize(reply), 1)
