import { isDeepStrictEqual } from 'node:util'
import { openPageHandler } from '../http/pageHandler.ts'

/** The whole handler of GET /products/{id}/page. */
export const open = openPageHandler({
  route: 'GET /products/{id}/page',
  load: () => import('../../functions/getPage.ts'),
  size: 'typical',
  check(page, text) {
    if (!isDeepStrictEqual(JSON.parse(text), page)) throw new Error(`A wrong document: ${text}`)
  },
})
