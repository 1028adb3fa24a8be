import { productPage } from '../../lib/storefront/productPage.ts'
import { openPageHandler } from '../http/pageHandler.ts'

/** The whole handler of the storefront's GET /p/{id}. */
export const open = openPageHandler({
  route: 'GET /p/{id}',
  load: () => import('../../functions/storefront.ts'),
  size: 'full',
  check(page, text) {
    if (text !== productPage(page)) throw new Error(`A wrong page: ${text}`)
  },
})
