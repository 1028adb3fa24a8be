import { assetPath } from './assets.ts'
import { type Html, html, jsonData, trusted } from './html.ts'
import { locale, origin, shop } from './shop.ts'

/** A page's metadata. */
export interface About {
  /** Without it, the title is the shop's name and claim. */
  title?: string | undefined
  description?: string | undefined
  /** The canonical path, without the origin. Without it, search engines do not index the page. */
  path?: string | undefined
  /** The type and the picture in a link preview. */
  type?: 'website' | 'product'
  picture?: string | undefined
  /** Structured data for schema.org, as JSON-LD. */
  data?: unknown
}

const style = assetPath('style.css')
const mark = assetPath('mark.svg')

/** The inspector, only in the stage `local`: a script and a stylesheet, which do everything else. */
const inspector =
  process.env.STOREFRONT_INSPECTOR === '1'
    ? html`<link rel="stylesheet" href="${assetPath('inspector.css')}">
<script src="${assetPath('inspector.js')}" type="module"></script>`
    : undefined

/** Renders a whole document around the content of `<main>`. */
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
!${trusted(path === undefined ? html`<meta name="robots" content="noindex, follow">` : linkTags(about, path, description))}
<link rel="stylesheet" href="${style}">
<link rel="icon" href="${mark}" type="image/svg+xml">
!${trusted(inspector)}
!${trusted(about.data === undefined ? undefined : jsonData('application/ld+json', about.data))}
</head>
<body>
<a class="skip" href="#main">Skip to content</a>
<header class="top"><div class="wide">
<a class="name" href="/"><img src="${mark}" alt="" width="32" height="32">${shop.name}</a>
<nav aria-label="Shop"><a href="/#shop">All shelves</a></nav>
</div></header>
<main id="main" class="wide" tabindex="-1">
!${trusted(main)}
</main>
<footer><div class="wide">
<p class="name">${shop.name}</p>
<p>${shop.about}</p>
</div></footer>
</body>
</html>
`
}

/** Renders the canonical link for search engines, and the link preview (Open Graph). */
function linkTags(
  { title = shop.name, type = 'website', picture }: About,
  path: string,
  description: string,
) {
  const image = picture && toAbsolute(picture)
  return html`!${trusted(origin ? html`<link rel="canonical" href="${origin}${path}">` : undefined)}
<meta property="og:site_name" content="${shop.name}">
<meta property="og:title" content="${title}">
<meta property="og:description" content="${description}">
<meta property="og:type" content="${type}">
!${trusted(origin ? html`<meta property="og:url" content="${origin}${path}">` : undefined)}
!${trusted(image ? html`<meta property="og:image" content="${image}">` : undefined)}`
}

/** Adds the shop's origin to a path. Returns undefined for a path if the origin is not configured. */
export const toAbsolute = (url: string): string | undefined =>
  url.startsWith('/') ? (origin ? `${origin}${url}` : undefined) : url
