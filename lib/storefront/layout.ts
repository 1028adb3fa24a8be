import { assetPath } from './assets.ts'
import { type Html, html, jsonData, ours } from './html.ts'
import { locale, origin, shop } from './shop.ts'

/** What a page says of itself beside what it shows. */
export interface About {
  /** Undefined: the shop's own name stands alone. */
  title?: string | undefined
  description?: string | undefined
  /** The one address of what it shows, without the origin; undefined for what search engines shall not keep. */
  path?: string | undefined
  /** For those who link to it: `website` or `product`, and a picture. */
  type?: 'website' | 'product'
  picture?: string | undefined
  /** schema.org, JSON-LD. */
  data?: unknown
}

const style = assetPath('style.css')
const mark = assetPath('mark.svg')

/** The inspector, in the stage `local` alone: a script and a stylesheet, which do all the rest. */
const inspector =
  process.env.STOREFRONT_INSPECTOR === '1'
    ? html`<link rel="stylesheet" href="${assetPath('inspector.css')}">
<script src="${assetPath('inspector.js')}" type="module"></script>`
    : undefined

/** A whole document around the content of `<main>`. */
export function layout(about: About, main: Html): Html {
  const { title, description = shop.about, path } = about
  return html`<!doctype html>
<html lang="${locale}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="theme-color" content="#faf6ef" media="(prefers-color-scheme: light)">
<meta name="theme-color" content="#191613" media="(prefers-color-scheme: dark)">
<title>${title === undefined ? `${shop.name}: ${shop.claim}` : `${title} - ${shop.name}`}</title>
<meta name="description" content="${description}">
!${ours(path === undefined ? html`<meta name="robots" content="noindex, follow">` : linked(about, path, description))}
<link rel="stylesheet" href="${style}">
<link rel="icon" href="${mark}" type="image/svg+xml">
!${ours(inspector)}
!${ours(about.data === undefined ? undefined : jsonData('application/ld+json', about.data))}
</head>
<body>
<a class="skip" href="#main">Skip to content</a>
<header class="top"><div class="wide">
<a class="name" href="/"><img src="${mark}" alt="" width="32" height="32">${shop.name}</a>
<nav aria-label="Shop"><a href="/#shop">All shelves</a></nav>
</div></header>
<main id="main" class="wide" tabindex="-1">
!${ours(main)}
</main>
<footer><div class="wide">
<p class="name">${shop.name}</p>
<p>${shop.about}</p>
</div></footer>
</body>
</html>
`
}

/** Where the page belongs, for search engines and for those who link to it (Open Graph). */
const linked = ({ title = shop.name, type = 'website', picture }: About, path: string, description: string) =>
  html`<link rel="canonical" href="${origin}${path}">
<meta property="og:site_name" content="${shop.name}">
<meta property="og:title" content="${title}">
<meta property="og:description" content="${description}">
<meta property="og:type" content="${type}">
!${ours(origin ? html`<meta property="og:url" content="${origin}${path}">` : undefined)}
!${ours(picture && isAbsolute(picture) ? html`<meta property="og:image" content="${absolute(picture)}">` : undefined)}`

/** An address with its origin, as far as that is known. */
export const absolute = (url: string): string => (url.startsWith('/') ? `${origin}${url}` : url)

const isAbsolute = (url: string) => origin !== '' || !url.startsWith('/')
