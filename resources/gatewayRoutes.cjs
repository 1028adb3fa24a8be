// Matches requests to routes as an HTTP API does. serverless-offline differs: it serves HEAD by the route of GET, drops a
// slash at the end of a path, and lists every route in its 404.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html

/** Returns the routes of all functions, each with its method and the segments of its path. */
module.exports.routesOf = (functions) =>
  Object.values(functions).flatMap(({ events = [] }) =>
    events.flatMap(({ httpApi }) => {
      if (!httpApi) return []
      const [method, path] = typeof httpApi === 'string' ? httpApi.split(' ') : [httpApi.method, httpApi.path]
      return [{ method: method.toUpperCase(), segments: path.split('/').slice(1) }]
    }),
  )

/**
 * Returns how a request matches: `route` if it has a route of its own, `rest` if only a route such as `GET /{path+}`
 * takes it, undefined if none does. A route matches its own method alone, also for HEAD. A variable matches one segment
 * that is not empty, a greedy one all that follow, so a slash at the end is a segment that no route has.
 *
 * @param target of the request, with its query
 */
module.exports.matchRoute = (routes, method, target) => {
  const segments = target.split(/[?#]/, 1)[0].split('/').slice(1)
  const fits = routes.filter((route) => route.method === method && fitsPath(route.segments, segments))
  if (fits.length === 0) return undefined
  return fits.every((route) => isGreedy(route.segments[0])) ? 'rest' : 'route'
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
