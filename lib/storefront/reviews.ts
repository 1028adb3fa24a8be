import type { Page, ReviewThread } from '../catalog/index.ts'
import { dateText } from './date.ts'
import { type Html, html, ours } from './html.ts'
import { ratingLine, ratingStars } from './rating.ts'

/** How deep replies step to the right. Deeper ones stand below each other and name whom they answer. */
const deepestStep = 4

/** The newest review threads, with all replies. */
export const reviews = ({ reviews: threads, rating }: Pick<Page, 'reviews' | 'rating'>): Html =>
  html`<section class="reviews" id="reviews" aria-labelledby="reviews-title">
<div>
<h2 id="reviews-title">Reviews</h2>
!${ours(threads.length === 0 ? html`<p class="quiet">Nobody has written about this yet.</p>` : undefined)}
!${ours(rating.count === 0 ? undefined : html`<p>!${ours(ratingLine(rating))}</p>`)}
!${ours(rating.count > threads.length ? html`<p class="quiet">The newest ${threads.length} are shown.</p>` : undefined)}
</div>
<div>!${ours(threads.map(thread))}</div>
</section>`

const thread = (review: ReviewThread) => html`<article class="thread">!${ours(one(review))}!${ours(
  review.replies.length === 0
    ? undefined
    : html`<details open><summary>${counted(review)}</summary>!${ours(replies(review, 1))}</details>`,
)}</article>
`

const replies = ({ replies: all, author }: ReviewThread, depth: number): Html =>
  html`<ol class="${depth > deepestStep ? 'replies flat' : 'replies'}">!${ours(
    all.map(
      (reply) => html`<li>!${ours(one(reply, depth > deepestStep ? author : undefined))}!${ours(
        reply.replies.length === 0 ? undefined : replies(reply, depth + 1),
      )}</li>
`,
    ),
  )}</ol>`

/** @param answered whom a reply answers, where its place does not show it */
const one = ({ id, rating, title, body, author, createdAt }: ReviewThread, answered?: string) =>
  html`<div class="review" id="${id}">
!${ours(
    rating === undefined && title === undefined
      ? undefined
      : html`<h3>!${ours(rating === undefined ? undefined : ratingStars(rating))} <span dir="auto">${title}</span></h3>`,
  )}
<p class="quiet"><bdi>${author}</bdi>!${ours(
    answered === undefined ? undefined : html` to <bdi>${answered}</bdi>`,
  )}, <time datetime="${createdAt}">${dateText(createdAt)}</time></p>
<p class="text" dir="auto">${body}</p>
</div>`

function counted(review: ReviewThread): string {
  const count = size(review) - 1
  return count === 1 ? '1 reply' : `${count} replies`
}

const size = ({ replies }: ReviewThread): number => replies.reduce((sum, reply) => sum + size(reply), 1)
