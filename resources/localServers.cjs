// A plugin of the Serverless Framework for `serverless offline`. It restricts access to the two servers of
// serverless-offline, sets the API's CORS answers, and routes requests as an HTTP API does. Without it, the server that invokes functions accepts an event
// from any page open on this machine, with the permissions that the event claims. The API lets every origin read and
// write.
const http = require('node:http')
const https = require('node:https')
const { corsOf } = require('./gatewayCors.cjs')
const { matchRoute, readTarget, routesOf } = require('./gatewayRoutes.cjs')

/** The events that an HTTP server emits for a request before the answer begins. */
const requestEvents = new Set(['request', 'checkContinue', 'checkExpectation'])

/** With this header serverless-offline accepts the permissions that the request claims. No API on AWS knows it. */
const override = 'sls-offline-authorizer-override'

module.exports = class LocalServers {
  constructor(serverless, options) {
    const guard = () => {
      const { functions, resources } = serverless.service
      filterRequests(Number(options.httpPort ?? 3000), {
        cors: corsOf(resources),
        routes: routesOf(functions),
      })
    }
    // The first hook is for `serverless offline`, the second for `serverless offline start`.
    this.hooks = { 'before:offline:start': guard, 'before:offline:start:init': guard }
  }
}

/**
 * Checks each request before serverless-offline gets it. It patches the prototype of all servers of this process,
 * because serverless-offline exposes neither of its own. So it does not matter how and when they are created. A server
 * that a later version adds is closed to pages until it is listed here. The functions run in threads, with their own
 * servers.
 */
function filterRequests(httpPort, api) {
  // The API is an https server with --httpsProtocol. Neither class extends the other.
  for (const { prototype } of [http.Server, https.Server]) {
    const { emit } = prototype
    prototype.emit = function (...args) {
      const [event, request, answer] = args
      if (requestEvents.has(event)) {
        const isApi = request.socket.localPort === httpPort
        if (isApi ? actAsGateway(request, answer, api) : refusePages(request, answer)) return true
      }
      return emit.apply(this, args)
    }
  }
}

/** Allows only local programs, for example the delivery of the stream. Every POST of a browser has an Origin. */
function refusePages({ headers, socket }, answer) {
  const names = ['127.0.0.1', 'localhost', '[::1]'].map((name) => `${name}:${socket.localPort}`)
  if (headers.origin === undefined && names.includes(headers.host?.toLowerCase())) return false
  return forbid(answer, `This port refuses web pages, and every host name except ${names.join(', ')}`)
}

/** Acts as API Gateway in front of the functions. */
function actAsGateway(request, answer, { cors, routes }) {
  const { headers, method } = request
  const target = readTarget(request.url)
  if (target === undefined) return reply(answer, 400, 'Bad Request')
  // A page whose DNS name was pointed here would pass as this origin. Any port is accepted: it may be a forwarded one.
  for (const host of [headers.host ?? '', target.host ?? 'localhost'])
    if (!/^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/i.test(host))
      return forbid(answer, 'This API accepts only the host names 127.0.0.1, localhost and [::1]')
  request.url = target.path
  if (headers[override] !== undefined)
    return forbid(answer, `The header ${override} is not accepted. Send a token`)
  // serverless-offline reads these headers for its own CORS. The functions get the raw ones, with Origin, as on AWS.
  const { origin } = headers
  delete headers.origin
  if (cors && method === 'OPTIONS' && origin && headers['access-control-request-method']) {
    answer.writeHead(204, cors.preflight(origin)).end()
    return true
  }
  // With CORS settings the gateway ignores the functions' CORS headers. Without settings the functions send none.
  const { writeHead } = answer
  answer.writeHead = function (...args) {
    for (const name of this.getHeaderNames()) if (name.startsWith('access-control-')) this.removeHeader(name)
    for (const [name, value] of Object.entries(cors?.answer(origin) ?? {})) this.setHeader(name, value)
    return writeHead.apply(this, args)
  }
  return route(request, answer, routes)
}

/** Lets serverless-offline route a request as an HTTP API does. */
function route(request, answer, routes) {
  const { headers, method, url } = request
  const match = matchRoute(routes, method, url)
  if (match === undefined) return reply(answer, 404, 'Not Found')
  const path = url.split(/[?#]/, 1)[0]
  // A second slash at its beginning leaves a path no route but that of every other path. The function counts both as one.
  const before = match === 'rest' ? '/' : ''
  // serverless-offline drops a slash at the end.
  const after = path.length > 1 && path.endsWith('/') ? '/' : ''
  request.url = `${before}${path}${after}${url.slice(path.length)}`
  // serverless-offline takes a body without a type for JSON. The functions refuse both types, as on AWS.
  const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length']) > 0
  if (hasBody && headers['content-type'] === undefined) {
    headers['content-type'] = 'application/octet-stream'
    request.rawHeaders.push('Content-Type', 'application/octet-stream')
  }
  return false
}

const forbid = (answer, message) => reply(answer, 403, message)

function reply(answer, status, message) {
  answer.writeHead(status, { 'content-type': 'application/json', connection: 'close' })
  answer.end(JSON.stringify({ message }))
  return true
}
