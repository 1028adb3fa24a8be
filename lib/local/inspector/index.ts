import type { IncomingMessage, ServerResponse } from 'node:http'
import { isProductId } from '../../catalog/index.ts'
import { openCatalogUpkeep } from '../../catalog/upkeep.ts'
import { findAction } from './actions.ts'
import { RefusedAction } from './catalogue.ts'
import type { ActionContext } from './context.ts'
import { RequestLog, type RequestRecord } from './requestLog.ts'
import { readState, readSwitch } from './state.ts'

export { openRedisSwitch } from './redisSwitch.ts'
export type { RequestLog, RequestRecord } from './requestLog.ts'
export { parseCacheStatus, parseServerTiming } from './responseHeaders.ts'

/**
 * The server side of the inspector, the panel in the local storefront. It serves the last requests, the cached entries of
 * a product, and the actions of the buttons. It reaches Redis through the same relay as the functions.
 *
 *     GET  /inspector/events            server-sent events: a {@link RequestRecord} for each request, the last 200 first
 *     GET  /inspector/redis             whether Redis is on
 *     GET  /inspector/products/{id}     the same, and the state of a product in the database and in the cache
 *     POST /inspector/{action}?id={id}  an action of ./actions.ts; the id is that of the page's product, if it shows one
 */
export class Inspector {
  readonly requests = new RequestLog()
  readonly #context: ActionContext
  /** Actions run one at a time, because each one reports what it caused. */
  #lastAction: Promise<unknown> = Promise.resolve()

  constructor(context: Omit<ActionContext, 'catalogue' | 'requests' | 'changed'>) {
    const catalogue = openCatalogUpkeep(context.config)
    catalogue.redis.on('error', () => {})
    this.#context = { ...context, catalogue, requests: this.requests, changed: new Map() }
  }

  close(): void {
    this.#context.catalogue.close()
  }

  /** Adds a request to the log, with the version and the age of the entry that it read or stored. */
  async record(request: RequestRecord): Promise<void> {
    const entry = await this.#readEntry(request).catch(() => undefined)
    this.requests.add({ ...request, ...entry })
  }

  /** Answers a request to the inspector. Returns false for every other request. */
  readonly handle = (request: IncomingMessage, response: ServerResponse): boolean => {
    // A request target can also be `*` or an absolute URL, which do not parse as a path here.
    const { pathname, searchParams } = URL.parse(`http://proxy${request.url}`) ?? {}
    const [, root, name = '', rest, ...more] = pathname?.split('/') ?? []
    if (root !== 'inspector') return false
    if (!isSameOrigin(request)) refuse(response, 403, 'Only pages from this address may use the inspector')
    else if (request.method === 'GET' && name === 'events' && rest === undefined) this.#sendEvents(response)
    else if (request.method === 'GET' && name === 'redis' && rest === undefined)
      this.#reply(response, async () => ({ redis: readSwitch(this.#context) }))
    else if (request.method === 'GET' && name === 'products' && rest && more.length === 0)
      this.#reply(response, () => readState(this.#context, checkId(rest)))
    else if (request.method === 'POST' && rest === undefined && findAction(name, undefined))
      this.#reply(response, () => this.#act(name, searchParams?.get('id') ?? undefined))
    else refuse(response, 404, 'The inspector has no such route')
    return true
  }

  /** Runs an action after those that came before it. */
  async #act(name: string, id: string | undefined): Promise<{ message: string }> {
    const action = findAction(name, id === undefined ? id : checkId(id))
    const done = this.#lastAction.then(() => action?.(this.#context) ?? '')
    this.#lastAction = done.catch(() => {})
    return { message: await done }
  }

  #sendEvents(response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
    const stopWatching = this.requests.watch((request) =>
      response.write(`data: ${JSON.stringify(request)}\n\n`),
    )
    response.on('close', stopWatching)
    response.write(': listening\n\n')
  }

  async #readEntry({ path, outcome }: RequestRecord): Promise<Pick<RequestRecord, 'version' | 'age'>> {
    const [, id, name] = entryPath.exec(path) ?? []
    if (id === undefined || outcome === 'none' || outcome === 'write' || outcome === 'fail-open') return {}
    const kindName = path.startsWith('/p/') ? 'page' : (name ?? 'product')
    const kind = this.#context.catalogue.kinds.find((each) => each.name === kindName)
    const { version, age } = (await kind?.inspect(id)) ?? {}
    return { ...(version !== undefined && { version }), ...(age !== undefined && { age }) }
  }

  #reply(response: ServerResponse, work: () => Promise<object>): void {
    work().then(
      (answer) => {
        response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' })
        response.end(JSON.stringify(answer))
      },
      (error: Error) =>
        refuse(
          response,
          error instanceof RefusedAction ? 409 : 500,
          error.message || 'The action failed without a reason. Check the output of npm start',
        ),
    )
  }
}

/** @throws {RefusedAction} if the text is not the id of a product */
function checkId(id: string): string {
  if (!isProductId(id)) throw new RefusedAction('That is not a valid product id')
  return id
}

/** Paths that are answered from a single entry of a product. */
const entryPath = /^\/(?:products|p)\/([\w.~-]+)(?:\/(page|reviews))?(?:\?.*)?$/

/**
 * Returns whether the request comes from a page of this address. A foreign page in the same browser could reach the
 * inspector in two ways: under a host name that it points here, which the `Host` header reveals, or by a cross-origin
 * request, which a browser sends without the header `x-inspector` or only after a preflight.
 */
function isSameOrigin({ headers, method }: IncomingMessage): boolean {
  const host = headers.host?.replace(/:\d+$/, '')
  return (
    (host === '127.0.0.1' || host === 'localhost') && (method === 'GET' || headers['x-inspector'] === '1')
  )
}

function refuse(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
  response.end(JSON.stringify({ message }))
}
