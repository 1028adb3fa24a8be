import { html, toText } from './html.ts'
import { layout } from './layout.ts'

/** Renders an error. The page states what to do and reveals no internal cause. */
export function errorPage(status: number, detail: string): string {
  const { title, advice } = messages[status] ?? (status < 500 ? badRequest : serverError)
  const main = html`<section class="hero error">
<p class="brand">${status}</p>
<h1>${title}</h1>
<p dir="auto">${advice ?? detail}</p>
<p><a class="button" href="/">Go to the home page</a></p>
</section>`
  return toText(layout({ title, description: title }, main))
}

interface Message {
  title: string
  /** Without it, the page shows the problem's own detail. */
  advice?: string
}

const badRequest: Message = { title: 'This address does not work' }
const serverError: Message = {
  title: 'Something broke here',
  advice: 'It is not your fault. Try again in a moment.',
}
const messages: Record<number, Message> = {
  404: {
    title: 'Page not found',
    advice: 'The product may no longer be sold, or the address may contain a typing error.',
  },
  503: { title: 'Just a moment', advice: 'The shop is very busy. Load the page again in a second.' },
}
