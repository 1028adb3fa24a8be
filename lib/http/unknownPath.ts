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

const patterns = Object.entries(apiRoutes).map(([path, methods]) => ({
  pattern: new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}$`),
  methods,
}))

/**
 * Returns the problem for a request that no route takes: 405 with `Allow` if the path has other methods (RFC 9110,
 * 15.5.6), and 404 otherwise.
 *
 * @param path as it was requested
 */
export function unknownPath(method: string, path: string): Problem {
  const methods = methodsOf(path)
  if (methods)
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
  const isOneSlashAway = path.endsWith('/') && methodsOf(path.replace(/\/+$/, '')) !== undefined
  return new Problem(
    404,
    'no-such-route',
    isOneSlashAway
      ? 'There is nothing at this path. Send the request without the slash at its end'
      : 'There is nothing at this path. Check its spelling',
  )
}

const methodsOf = (path: string) => patterns.find(({ pattern }) => pattern.test(path))?.methods
