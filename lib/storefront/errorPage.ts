import { html, textOf } from './html.ts'
import { layout } from './layout.ts'

/** The HTML of an error, with a way on. It tells what a visitor can do, and nothing of what went wrong inside. */
export function errorPage(status: number, detail: string): string {
  const { title, advice } = texts[status] ?? (status < 500 ? unusable : broken)
  const main = html`<section class="hero error">
<p class="brand">${status}</p>
<h1>${title}</h1>
<p dir="auto">${advice ?? detail}</p>
<p><a class="button" href="/">To the first page</a></p>
</section>`
  return textOf(layout({ title, description: title }, main))
}

interface Words {
  title: string
  /** Undefined: what the problem itself says. */
  advice?: string
}

const unusable: Words = { title: 'This address does not work' }
const broken: Words = {
  title: 'Something broke here',
  advice: 'It is not your fault. Try again in a moment.',
}
const texts: Record<number, Words> = {
  404: {
    title: 'Nothing lies here',
    advice: 'It may have been sold for good, or the address has a slip in it.',
  },
  503: { title: 'Just a moment', advice: 'The shop is very busy. Load the page again in a second.' },
}
