import {
  type Catalog,
  categoryGrammar,
  InvalidCursor,
  isCategory,
  type ProductPage,
} from '../catalog/index.ts'
import { fileResponse } from '../http/file.ts'
import { handle, type Route } from '../http/handler.ts'
import { errorPageResponse, pageResponse } from '../http/html.ts'
import { Problem } from '../http/problem.ts'
import { combineProvenance } from '../http/provenance.ts'
import type { ApiRequest } from '../http/request.ts'
import { type ApiResponse, problemResponse, requireBody } from '../http/response.ts'
import { answerAnyPath, redirectTo, wantsPage } from './anyPath.ts'
import { findAsset, iconAsset } from './assets.ts'
import { categoryPage } from './categoryPage.ts'
import { errorPage, listHasMoved } from './errorPage.ts'
import { findPicture } from './files.ts'
import { homePage } from './homePage.ts'
import { productPage } from './productPage.ts'
import { readCategoryPage } from './readCategoryPage.ts'
import { readHomePage } from './readHomePage.ts'
import { release } from './release.ts'
import { robots } from './robots.ts'

const toLimits = ({ budgetMs, signal }: ApiRequest) => ({ budgetMs, signal })

/** The pages, by route. Each request renders what the caches hold at that moment. */
const pages: Record<string, (catalog: Catalog, request: ApiRequest) => Promise<ApiResponse>> = {
  async 'GET /'(catalog, request) {
    const { categories, sections, reads } = await readHomePage(catalog, toLimits(request))
    const text = homePage(categories, sections)
    return pageResponse(request, text, combineProvenance(reads), () => text)
  },

  async 'GET /c/{category+}'(catalog, request) {
    const requested = request.path('category') ?? ''
    const category = requested.replace(/\/+$/, '')
    if (!isCategory(category)) throw new Problem(400, 'invalid-category', `A category is ${categoryGrammar}`)
    // The greedy variable contains a slash at the end of the address.
    if (category !== requested) return redirectTo(`/c/${category}`)
    const read = (cursor?: string) => readCategoryPage(catalog, { category, cursor }, toLimits(request))
    let hasMoved = false
    const { listing, reads } = await read(request.query('cursor')).catch((error) => {
      if (!(error instanceof InvalidCursor)) throw error
      hasMoved = true
      // The error page leads to the beginning of the list, which may not exist.
      return read()
    })
    if (listing && hasMoved) throw listHasMoved(category)
    if (!listing) throw new Problem(404, 'no-such-category', `There is no category ${category}`)
    const text = categoryPage(listing)
    return pageResponse(request, text, combineProvenance(reads), () => text)
  },

  async 'GET /p/{id}'(catalog, request) {
    const id = request.productId()
    const cached = await catalog.getPage(id, { budgetMs: request.budgetMs })
    // `value` parses the document on first access, so a 304 does not parse it.
    return pageResponse(request, release + requireBody(id, cached), cached, () =>
      productPage(cached.value as ProductPage),
    )
  },
}

/** The files, by route. Their errors are problem documents rather than pages. */
const files: Record<string, (request: ApiRequest) => Promise<ApiResponse>> = {
  async 'GET /pictures/{name}'(request) {
    const text = findPicture(request.path('name') ?? '')
    if (text === undefined) throw new Problem(404, 'no-such-file', 'There is no such picture')
    // Products refer to pictures without a hash, so a changed picture must be visible within an hour.
    return fileResponse(request, { text, type: 'image/svg+xml', cacheControl: hourly })
  },

  async 'GET /assets/{name}'(request) {
    const asset = findAsset(request.path('name') ?? '')
    if (!asset) throw new Problem(404, 'no-such-file', 'There is no such file')
    const cacheControl = asset.isCurrent ? 'public, max-age=31536000, immutable' : 'public, max-age=60'
    return fileResponse(request, { ...asset, cacheControl })
  },

  async 'GET /robots.txt'(request) {
    return fileResponse(request, { text: robots, type: 'text/plain; charset=utf-8', cacheControl: hourly })
  },

  // Pages name their icon. This is for what asks without having read a page.
  async 'GET /favicon.ico'(request) {
    return fileResponse(request, { ...iconAsset(), cacheControl: hourly })
  },
}

const hourly = 'public, max-age=3600'

type Handler = ReturnType<typeof handle>

/** Returns the handler of each route. `any` handles every other path and method. */
export const storefrontRoutes = (catalog: Catalog): Record<string, Handler> => ({
  ...mapRoutes(pages, (route, respond) => handle(route, (request) => respond(catalog, request), pageError)),
  ...mapRoutes(files, (route, respond) => handle(route, respond)),
  // Made for each request, because only the event tells the path. Few requests come here.
  any: (event, context) =>
    handle(
      { route: 'any', query: 'any' },
      async () => answerAnyPath(event),
      wantsPage(event) ? pageError : problemResponse,
    )(event, context),
})

const pageError = errorPageResponse(errorPage)

/**
 * Links to a shop carry parameters that other programs add, such as `utm_source`. No route of the shop refuses them.
 */
const mapRoutes = <T>(routes: Record<string, T>, toHandler: (route: Route, respond: T) => Handler) =>
  Object.fromEntries(
    Object.entries(routes).map(([route, respond]) => [route, toHandler({ route, query: 'any' }, respond)]),
  )
