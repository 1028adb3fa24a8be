// A plugin of the Serverless Framework for `serverless offline`. It restricts access to the two servers of
// serverless-offline and sets the API's CORS answers. Without it, the server that invokes functions accepts an event
// from any page open on this machine, with the permissions that the event claims. The API lets every origin read and
// write.
const http = require('node:http')
const https = require('node:https')
const { corsOf } = require('./gatewayCors.cjs')

/** The events that an HTTP server emits for a request before the answer begins. */
const requestEvents = new Set(['request', 'checkContinue', 'checkExpectation'])

/** With this header serverless-offline accepts the permissions that the request claims. No API on AWS knows it. */
const override = 'sls-offline-authorizer-override'

module.exports = class LocalServers {
  constructor(serverless, options) {
    const guard = () => filterRequests(Number(options.httpPort ?? 3000), corsOf(serverless.service.resources))
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
function filterRequests(httpPort, cors) {
  // The API is an https server with --httpsProtocol. Neither class extends the other.
  for (const { prototype } of [http.Server, https.Server]) {
    const { emit } = prototype
    prototype.emit = function (...args) {
      const [event, request, answer] = args
      if (requestEvents.has(event)) {
        const isApi = request.socket.localPort === httpPort
        if (isApi ? actAsGateway(request, answer, cors) : refusePages(request, answer)) return true
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
function actAsGateway(request, answer, cors) {
  const { headers, method } = request
  // A page whose DNS name was pointed here would pass as this origin. Any port is accepted: it may be a forwarded one.
  if (!/^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/i.test(headers.host ?? ''))
    return forbid(answer, 'This API accepts only the host names 127.0.0.1, localhost and [::1]')
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
  return false
}

function forbid(answer, message) {
  answer.writeHead(403, { 'content-type': 'application/json', connection: 'close' })
  answer.end(JSON.stringify({ message }))
  return true
}
