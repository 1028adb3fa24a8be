import type { APIGatewayProxyEventV2, Context } from 'aws-lambda'
import { categoryGrammar, isCategory, openCatalog, type Page } from '../lib/catalog/index.ts'
import { fileAnswer } from '../lib/http/file.ts'
import { handle } from '../lib/http/handler.ts'
import { errorPageAnswer, pageAnswer } from '../lib/http/html.ts'
import { Problem } from '../lib/http/problem.ts'
import type { ApiRequest } from '../lib/http/request.ts'
import { type ApiResponse, noSuchProduct } from '../lib/http/response.ts'
import { together } from '../lib/http/together.ts'
import { assetNamed } from '../lib/storefront/assets.ts'
import { categoryPage } from '../lib/storefront/categoryPage.ts'
import { errorPage } from '../lib/storefront/errorPage.ts'
import { pictureNamed } from '../lib/storefront/files.ts'
import { homePage } from '../lib/storefront/homePage.ts'
import { productPage } from '../lib/storefront/productPage.ts'
import { readCategory } from '../lib/storefront/readCategory.ts'
import { readHome } from '../lib/storefront/readHome.ts'
import { release } from '../lib/storefront/release.ts'

const catalog = openCatalog()
const page = (route: string, respond: (request: ApiRequest) => Promise<ApiResponse>) =>
  handle(route, respond, errorPageAnswer(errorPage))

const limitsOf = ({ budgetMs, signal }: ApiRequest) => ({ budgetMs, signal })

/** All that a browser asks the shop for. Each request is answered from what the caches hold at its time. */
const routes: Record<string, ReturnType<typeof handle>> = {
  'GET /': page('GET /', async (request) => {
    const { all, shelves, parts } = await readHome(catalog, limitsOf(request))
    const text = homePage(all, shelves)
    return pageAnswer(request, text, together(parts), () => text)
  }),

  'GET /c/{category+}': page('GET /c/{category+}', async (request) => {
    const category = request.path('category') ?? ''
    if (!isCategory(category)) throw new Problem(400, 'invalid-category', `A category is ${categoryGrammar}`)
    const asked = { category, cursor: request.query('cursor') }
    const { listing, parts } = await readCategory(catalog, asked, limitsOf(request))
    if (!listing) throw new Problem(404, 'no-such-category', `There is no category ${category}`)
    const text = categoryPage(listing)
    return pageAnswer(request, text, together(parts), () => text)
  }),

  'GET /p/{id}': page('GET /p/{id}', async (request) => {
    const id = request.productId()
    const cached = await catalog.getPage(id, { budgetMs: request.budgetMs })
    if (cached.body === undefined) throw noSuchProduct(id, cached.status)
    // The value is parsed when it is looked at.
    return pageAnswer(request, release + cached.body, cached, () => productPage(cached.value as Page))
  }),

  'GET /pictures/{name}': handle('GET /pictures/{name}', async (request) => {
    const text = pictureNamed(request.path('name') ?? '')
    if (text === undefined) throw new Problem(404, 'no-such-file', 'There is no such picture')
    // Products name pictures without a hash: a picture that was drawn anew is seen within the hour.
    return fileAnswer(request, { text, type: 'image/svg+xml', cacheControl: 'public, max-age=3600' })
  }),

  'GET /assets/{name}': handle('GET /assets/{name}', async (request) => {
    const asset = assetNamed(request.path('name') ?? '')
    if (!asset) throw new Problem(404, 'no-such-file', 'There is no such file')
    const cacheControl = asset.current ? 'public, max-age=31536000, immutable' : 'public, max-age=60'
    return fileAnswer(request, { ...asset, cacheControl })
  }),
}

const notFound = page('GET *', async () => {
  throw new Problem(404, 'no-such-page', 'There is no such page')
})

export const handler = (
  event: Partial<APIGatewayProxyEventV2>,
  context?: Partial<Context>,
): Promise<ApiResponse> => (routes[event.routeKey ?? ''] ?? notFound)(event, context)
