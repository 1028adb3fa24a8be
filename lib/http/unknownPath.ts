import { Problem } from './problem.ts'

/** The routes of the API by their path. serverless.yml has the same; a test compares them. */
export const apiRoutes: Record<string, readonly string[]> = {
  '/products': ['GET', 'POST'],
  '/products/{id}': ['GET', 'PUT', 'PATCH', 'DELETE'],
  '/products/{id}/page': ['GET'],
  '/products/{id}/reviews': ['GET', 'POST'],
  '/products/{id}/reviews/{reviewId}': ['DELETE'],
  '/products/{id}/variants/{sku}': ['PATCH'],
  '/categories': ['GET'],
  '/health': ['GET'],
}

/** The paths of the shop's pages and files, which have GET and HEAD. serverless.yml has the same; a test compares them. */
export const shopPaths = [
  ...['/', '/p/{id}', '/c/{category+}'],
  ...['/pictures/{name}', '/assets/{name}', '/robots.txt', '/favicon.ico'],
]

const shopRoutes = Object.fromEntries(shopPaths.map((path) => [path, ['GET', 'HEAD']]))
const patterns = Object.entries({ ...apiRoutes, ...shopRoutes }).map(([path, methods]) => ({
  pattern: new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+').replace(/\{\w+\+\}/g, '.+')}$`),
  methods,
}))

/**
 * Returns the problem for a request that no route takes: 405 with `Allow` if the path has other methods (RFC 9110,
 * 15.5.6), and 404 otherwise.
 *
 * @param path as it was requested, but with one slash at its beginning. If it has the method nevertheless, it began with
 *   more slashes: a request that has a route does not come here
 */
export function unknownPath(method: string, path: string): Problem {
  const methods = methodsOf(path)
  if (methods && !methods.includes(method))
    return new Problem(
      405,
      'method-not-allowed',
      `This path has no ${method}. It takes ${methods.join(', ')}`,
      {
        // Not in the titles of problem.ts, which are in the bundle of every function.
        members: { title: 'Method Not Allowed' },
        headers: { allow: methods.join(', ') },
      },
    )
  const plain = path.replace(/\/{2,}/g, '/').replace(/(?<=.)\/$/, '')
  const advice =
    methodsOf(plain) === undefined
      ? 'Check its spelling'
      : `Send the request without the ${path.length > 1 && path.endsWith('/') ? 'slash at its end' : 'repeated slash'}`
  return new Problem(404, 'no-such-route', `There is nothing at this path. ${advice}`)
}

const methodsOf = (path: string) => patterns.find(({ pattern }) => pattern.test(path))?.methods
