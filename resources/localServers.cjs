// A plugin of the Serverless Framework, for `serverless offline`: who may ask the two servers that serverless-offline
// opens, and what the API says to browsers. Left to itself the one that invokes functions takes an event from any page
// that is open on this machine, with whatever rights the event claims; and the API lets every origin read and write.
const http = require('node:http')
const https = require('node:https')
const { corsOf } = require('./gatewayCors.cjs')

/** What an HTTP server tells of a request before its answer is begun. */
const requestEvents = new Set(['request', 'checkContinue', 'checkExpectation'])

/** By it serverless-offline takes a request's own word for what its token is worth. No API on AWS knows it. */
const override = 'sls-offline-authorizer-override'

module.exports = class LocalServers {
  constructor(serverless, options) {
    const guard = () => standBefore(Number(options.httpPort ?? 3000), corsOf(serverless.service.resources))
    // Of `serverless offline`, and of `serverless offline start`.
    this.hooks = { 'before:offline:start': guard, 'before:offline:start:init': guard }
  }
}

/**
 * Looks at each request before serverless-offline does. At the prototype of all servers of this process, since
 * serverless-offline hands out neither of its own: so it holds however they are made, before or after, and one that a
 * later version adds is closed to pages until it is named here. The functions run in threads, with servers of their own.
 */
function standBefore(httpPort, cors) {
  // The API is the second kind by --httpsProtocol. Neither is made of the other.
  for (const { prototype } of [http.Server, https.Server]) {
    const { emit } = prototype
    prototype.emit = function (...args) {
      const [event, request, answer] = args
      if (requestEvents.has(event)) {
        const isApi = request.socket.localPort === httpPort
        if (isApi ? asGateway(request, answer, cors) : refusePages(request, answer)) return true
      }
      return emit.apply(this, args)
    }
  }
}

/** For programs of this machine, such as the delivery of the stream. Every POST of a browser names its origin. */
function refusePages({ headers, socket }, answer) {
  const names = ['127.0.0.1', 'localhost', '[::1]'].map((name) => `${name}:${socket.localPort}`)
  if (headers.origin === undefined && names.includes(headers.host?.toLowerCase())) return false
  return forbid(answer, `No page may ask this port, and no other name than ${names.join(', ')}`)
}

/** As API Gateway stands before the functions. */
function asGateway(request, answer, cors) {
  const { headers, method } = request
  // A page whose name was pointed here would pass for one of this origin. From where a port is forwarded is free.
  if (!/^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/i.test(headers.host ?? ''))
    return forbid(answer, 'This is the API of this machine: ask it as 127.0.0.1 or localhost')
  if (headers[override] !== undefined) return forbid(answer, `${override} is taken from nobody: send a token`)
  // serverless-offline answers by these headers, and hands the functions the raw ones: they hear of the origin, as on AWS.
  const { origin } = headers
  delete headers.origin
  if (cors && method === 'OPTIONS' && origin && headers['access-control-request-method']) {
    answer.writeHead(204, cors.preflight(origin)).end()
    return true
  }
  // Where there are settings the gateway ignores what the functions say; where there are none they say nothing.
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
