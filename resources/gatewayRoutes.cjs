// Matches requests to routes as an HTTP API does. serverless-offline differs: it serves HEAD by the route of GET, drops a
// slash at the end of a path, and lists every route in its 404.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html

/**
 * Returns the routes of all functions, each with its method and the segments of its path. A method `*` is every method.
 * The route `*`, which is `$default` on AWS, has no segments, because it takes every path.
 */
module.exports.routesOf = (functions) =>
  Object.values(functions).flatMap(({ events = [] }) =>
    events.flatMap(({ httpApi }) => {
      if (!httpApi) return []
      if (httpApi === '*' || httpApi.path === '*') return [{ method: '*' }]
      const [name, path] = typeof httpApi === 'string' ? httpApi.split(' ') : [httpApi.method, httpApi.path]
      const method = name.toUpperCase()
      return [{ method: method === 'ANY' ? '*' : method, segments: path.split('/').slice(1) }]
    }),
  )

/**
 * Reads a request target (RFC 9112, 3.2). What a client sends to a proxy, such as `http://127.0.0.1:3000/products/1`, is
 * reduced to its path and query.
 *
 * @returns `path` with the query, and the `host` if the target names one; undefined if the target is neither a path nor a
 *   URL
 */
module.exports.readTarget = (target) => {
  if (target.startsWith('/')) return { path: target }
  const [, host, path] = /^https?:\/\/([^/?#]+)(.*)$/i.exec(target) ?? []
  if (host === undefined) return undefined
  return { path: path.startsWith('/') ? path : `/${path}`, host }
}

/**
 * Returns how a request matches: `route` if it has a route of its own, `rest` if only a route such as `GET /{path+}` or
 * `*` takes it, undefined if none does. A route matches its own method alone, also for HEAD. A variable matches one
 * segment that is not empty, a greedy one all that follow, so a slash at the end is a segment that no route has.
 *
 * @param target of the request: its path, with its query
 */
module.exports.matchRoute = (routes, method, target) => {
  const segments = target.split(/[?#]/, 1)[0].split('/').slice(1)
  const fits = routes.filter(
    (route) =>
      ['*', method].includes(route.method) && (!route.segments || fitsPath(route.segments, segments)),
  )
  if (fits.length === 0) return undefined
  return fits.every((route) => !route.segments || isGreedy(route.segments[0])) ? 'rest' : 'route'
}

function fitsPath(route, segments) {
  const last = route.at(-1)
  if (isGreedy(last)) {
    const before = route.slice(0, -1)
    const rest = segments.slice(before.length)
    return (
      before.every((part, at) => fitsSegment(part, segments[at])) && rest.some((segment) => segment !== '')
    )
  }
  return route.length === segments.length && route.every((part, at) => fitsSegment(part, segments[at]))
}

const fitsSegment = (part, segment) => (part.startsWith('{') ? Boolean(segment) : part === segment)

const isGreedy = (part) => part?.endsWith('+}') ?? false
