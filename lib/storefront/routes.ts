import { type Catalog, categoryGrammar, isCategory, type Page } from '../catalog/index.ts'
import { fileAnswer } from '../http/file.ts'
import { handle } from '../http/handler.ts'
import { errorPageAnswer, pageAnswer } from '../http/html.ts'
import { Problem } from '../http/problem.ts'
import type { ApiRequest } from '../http/request.ts'
import { type ApiResponse, noSuchProduct } from '../http/response.ts'
import { together } from '../http/together.ts'
import { assetNamed } from './assets.ts'
import { categoryPage } from './categoryPage.ts'
import { errorPage } from './errorPage.ts'
import { pictureNamed } from './files.ts'
import { homePage } from './homePage.ts'
import { productPage } from './productPage.ts'
import { readCategory } from './readCategory.ts'
import { readHome } from './readHome.ts'
import { release } from './release.ts'

const limitsOf = ({ budgetMs, signal }: ApiRequest) => ({ budgetMs, signal })

/** All that a browser asks the shop for, by its route. Each request is answered from what the caches hold at its time. */
const respond: Record<string, (catalog: Catalog, request: ApiRequest) => Promise<ApiResponse>> = {
  async 'GET /'(catalog, request) {
    const { all, shelves, parts } = await readHome(catalog, limitsOf(request))
    const text = homePage(all, shelves)
    return pageAnswer(request, text, together(parts), () => text)
  },

  async 'GET /c/{category+}'(catalog, request) {
    const category = request.path('category') ?? ''
    if (!isCategory(category)) throw new Problem(400, 'invalid-category', `A category is ${categoryGrammar}`)
    const asked = { category, cursor: request.query('cursor') }
    const { listing, parts } = await readCategory(catalog, asked, limitsOf(request))
    if (!listing) throw new Problem(404, 'no-such-category', `There is no category ${category}`)
    const text = categoryPage(listing)
    return pageAnswer(request, text, together(parts), () => text)
  },

  async 'GET /p/{id}'(catalog, request) {
    const id = request.productId()
    const cached = await catalog.getPage(id, { budgetMs: request.budgetMs })
    if (cached.body === undefined) throw noSuchProduct(id, cached.status)
    // The value is parsed when it is looked at.
    return pageAnswer(request, release + cached.body, cached, () => productPage(cached.value as Page))
  },

  async 'GET *'() {
    throw new Problem(404, 'no-such-page', 'There is no such page')
  },
}

/** Files, whose errors are no pages. */
const files: Record<string, (request: ApiRequest) => Promise<ApiResponse>> = {
  async 'GET /pictures/{name}'(request) {
    const text = pictureNamed(request.path('name') ?? '')
    if (text === undefined) throw new Problem(404, 'no-such-file', 'There is no such picture')
    // Products name pictures without a hash: a picture that was drawn anew is seen within the hour.
    return fileAnswer(request, { text, type: 'image/svg+xml', cacheControl: 'public, max-age=3600' })
  },

  async 'GET /assets/{name}'(request) {
    const asset = assetNamed(request.path('name') ?? '')
    if (!asset) throw new Problem(404, 'no-such-file', 'There is no such file')
    const cacheControl = asset.current ? 'public, max-age=31536000, immutable' : 'public, max-age=60'
    return fileAnswer(request, { ...asset, cacheControl })
  },
}

type Handler = ReturnType<typeof handle>

/** The handler of each route; `GET *` answers every other one. */
export const storefrontRoutes = (catalog: Catalog): Record<string, Handler> => ({
  ...mapped(respond, (route, answer) =>
    handle(route, (request) => answer(catalog, request), errorPageAnswer(errorPage)),
  ),
  ...mapped(files, (route, answer) => handle(route, answer)),
})

const mapped = <T>(routes: Record<string, T>, handlerOf: (route: string, answer: T) => Handler) =>
  Object.fromEntries(Object.entries(routes).map(([route, answer]) => [route, handlerOf(route, answer)]))
