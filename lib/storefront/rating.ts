import type { Product } from '../catalog/index.ts'
import { type Html, html, ours } from './html.ts'

/** Stars from none to five, by halves. */
const stars = Array.from({ length: 11 }, (_, halves): Html => {
  const half = halves % 2 ? html`<span class="half">&#9733;</span>` : undefined
  const times = (count: number) => ours(Array<Html>(count).fill(html`&#9733;`))
  return html`!${times(Math.floor(halves / 2))}!${ours(half)}<span>!${times(5 - Math.ceil(halves / 2))}</span>`
})

/** Averages from 0 to 5, by tenths. */
const averages = Array.from({ length: 51 }, (_, tenths): Html => {
  const nearest = stars[Math.round(tenths / 5)]
  return html`<span class="stars" aria-hidden="true">!${ours(nearest)}</span> <span class="hidden">Rated </span>${(tenths / 10).toFixed(1)}<span class="hidden"> out of 5, ratings:</span>`
})

/** Ratings of one review. */
const ratings = stars
  .filter((_, halves) => halves % 2 === 0)
  .map(
    (each, rating) =>
      html`<span class="stars" role="img" aria-label="${rating} out of 5 stars">!${ours(each)}</span>`,
  )

/** Stars for the eye, and the number for everybody. Nothing where nobody rated. */
export const ratingLine = ({ average, count }: Product['rating']): Html | undefined =>
  count === 0
    ? undefined
    : html`<span class="rating">!${ours(averages[Math.round(average * 10)])} <span class="quiet">(${count})</span></span>`

/** The stars of one review. */
export const ratingStars = (rating: number): Html | undefined => ratings[rating]
