import { categoryPath } from '../catalog/index.ts'
import { Problem } from '../http/problem.ts'
import { type Html, html, toText, trusted } from './html.ts'
import { layout } from './layout.ts'

/**
 * Renders an error for shoppers: what happened and where to go on. It repeats no detail of the problem, which is written
 * for programmers, and reveals no internal cause.
 */
export function errorPage({ status, code, members }: Problem): string {
  const { title, advice } = byCode[code] ?? byStatus[status] ?? (status < 500 ? badRequest : serverError)
  const main = html`<section class="hero error">
<p class="brand">${status}</p>
<h1>${title}</h1>
<p>${advice}</p>
<p>!${trusted(linkToCategory(members.category) ?? homeLink)}</p>
</section>`
  return toText(layout({ title, description: advice }, main))
}

const homeLink = html`<a class="button" href="/">Go to the home page</a>`

/** Returns the problem of a cursor that does not belong to a category's list. Its page leads back to the category. */
export const listHasMoved = (category: string): Problem =>
  new Problem(400, 'invalid-cursor', 'This cursor is not valid for this list', { members: { category } })

function linkToCategory(category: unknown): Html | undefined {
  const known = typeof category === 'string' ? categoryPath(category).at(-1) : undefined
  return known && html`<a class="button" href="/c/${known.path}">Go to the beginning of ${known.name}</a>`
}

interface Message {
  title: string
  advice: string
}

const badRequest: Message = {
  title: 'This address does not work',
  advice: 'It may contain a typing error, or it was cut off when it was copied.',
}
const serverError: Message = {
  title: 'Something broke here',
  advice: 'It is not your fault. Try again in a moment.',
}
const byStatus: Record<number, Message> = {
  404: {
    title: 'Page not found',
    advice: 'The product may no longer be sold, or the address may contain a typing error.',
  },
  503: { title: 'Just a moment', advice: 'The shop is very busy. Load the page again in a second.' },
}
const byCode: Record<string, Message> = {
  'invalid-cursor': {
    title: 'This part of the list has moved',
    advice: 'The list has changed since this link was made. Start again at its beginning.',
  },
  'method-not-allowed': {
    title: 'This cannot be done here',
    advice: 'This address exists, but it does not take this kind of request. Go on from the home page.',
  },
  'no-such-category': {
    title: 'Shelf not found',
    advice: 'There is nothing on this shelf any more, or the address contains a typing error.',
  },
}
