import type { Product } from '../catalog/index.ts'
import { type Html, html, trusted } from './html.ts'

/** Zero to five stars, in steps of one half. */
const stars = Array.from({ length: 11 }, (_, halves): Html => {
  const half = halves % 2 ? html`<span class="half">&#9733;</span>` : undefined
  const times = (count: number) => trusted(Array<Html>(count).fill(html`&#9733;`))
  return html`!${times(Math.floor(halves / 2))}!${trusted(half)}<span>!${times(5 - Math.ceil(halves / 2))}</span>`
})

/** Averages from 0 to 5, in steps of one tenth. */
const averages = Array.from({ length: 51 }, (_, tenths): Html => {
  const nearest = stars[Math.round(tenths / 5)]
  return html`<span class="stars" aria-hidden="true">!${trusted(nearest)}</span> <span class="hidden">Rated </span>${(tenths / 10).toFixed(1)}<span class="hidden"> out of 5, ratings:</span>`
})

/** The stars of a single review, by its rating. */
const ratings = stars
  .filter((_, halves) => halves % 2 === 0)
  .map(
    (each, rating) =>
      html`<span class="stars" role="img" aria-label="${rating} out of 5 stars">!${trusted(each)}</span>`,
  )

/** Renders the average rating as stars and as a number. Returns undefined without ratings. */
export const ratingLine = ({ average, count }: Product['rating']): Html | undefined =>
  count === 0
    ? undefined
    : html`<span class="rating">!${trusted(averages[Math.round(average * 10)])} <span class="quiet">(${count})</span></span>`

/** Renders the stars of a single review. */
export const ratingStars = (rating: number): Html | undefined => ratings[rating]
