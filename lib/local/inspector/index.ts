import type { IncomingMessage, ServerResponse } from 'node:http'
import { isProductId } from '../../catalog/index.ts'
import { openCatalogUpkeep } from '../../catalog/upkeep.ts'
import { operate } from '../../operations/operate.ts'
import { actions, isAction, type Stage } from './actions.ts'
import { Refused } from './catalogue.ts'
import { type Answered, Requests } from './requests.ts'

export { outcomeOf, timingsOf } from './outcome.ts'
export { openRedisSwitch } from './redisSwitch.ts'
export type { Answered, Requests } from './requests.ts'

/**
 * The server side of the panel in the local storefront: what the last requests met, what stands in the cache for a
 * product, and the buttons. It sees the cache as the functions do, by the same way to Redis.
 *
 *     GET  /inspector/events            server-sent events: an {@link Answered} for each request, the last 200 first
 *     GET  /inspector/products/{id}     what stands in database and cache
 *     POST /inspector/{action}?id={id}  one of ./actions.ts
 */
export class Inspector {
  readonly requests = new Requests()
  readonly #stage: Stage
  /** One thing at a time: two of them together would tell each other's story. */
  #last: Promise<unknown> = Promise.resolve()

  constructor(about: Omit<Stage, 'catalogue' | 'requests'>) {
    const catalogue = openCatalogUpkeep(about.config)
    catalogue.redis.on('error', () => {})
    this.#stage = { ...about, catalogue, requests: this.requests }
  }

  close(): void {
    this.#stage.catalogue.close()
  }

  /** Tells of a request, with the version and the age of the entry that it met or left. */
  async tell(answered: Answered): Promise<void> {
    const entry = await this.#entryOf(answered).catch(() => undefined)
    this.requests.add({ ...answered, ...entry })
  }

  /** Answers what is the inspector's; false for everything else. */
  readonly answer = (request: IncomingMessage, response: ServerResponse): boolean => {
    // A target may be `*` or an address, and be neither.
    const { pathname, searchParams } = URL.parse(`http://front${request.url}`) ?? {}
    const [, root, name = '', rest, ...more] = pathname?.split('/') ?? []
    if (root !== 'inspector') return false
    if (!isOwn(request)) end(response, 403, 'Only pages of this very address may ask the inspector')
    else if (request.method === 'GET' && name === 'events' && rest === undefined) this.#events(response)
    else if (request.method === 'GET' && name === 'products' && rest && more.length === 0)
      this.#reply(response, rest, (id) => this.#product(id))
    else if (request.method === 'POST' && isAction(name) && rest === undefined)
      this.#reply(response, searchParams?.get('id') ?? '', (id) => {
        const done = this.#last.then(() => actions[name](this.#stage, id))
        this.#last = done.catch(() => {})
        return done.then((said) => ({ said }))
      })
    else end(response, 404, 'The inspector has no such thing')
    return true
  }

  #events(response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
    const leave = this.requests.watch((answered) => response.write(`data: ${JSON.stringify(answered)}\n\n`))
    response.on('close', leave)
    response.write(': listening\n\n')
  }

  async #product(id: string) {
    const { catalogue, redis } = this.#stage
    const about = { redis: { on: redis.on, switchable: redis.switchable } }
    try {
      const outcome = await operate(catalogue, { action: 'inspect', ids: [id] }, Number.POSITIVE_INFINITY)
      return { ...about, ...('products' in outcome && outcome.products[0]) }
    } catch {
      return about
    }
  }

  async #entryOf({ path, outcome }: Answered): Promise<Pick<Answered, 'version' | 'age'>> {
    const [, id, name] = entryPath.exec(path) ?? []
    if (id === undefined || outcome === 'none' || outcome === 'write' || outcome === 'fail-open') return {}
    const wanted = path.startsWith('/p/') ? 'page' : (name ?? 'product')
    const kind = this.#stage.catalogue.kinds.find((each) => each.name === wanted)
    const { version, age } = (await kind?.inspect(id)) ?? {}
    return { ...(version !== undefined && { version }), ...(age !== undefined && { age }) }
  }

  #reply(response: ServerResponse, text: string, work: (id: string) => Promise<object>): void {
    const done = isProductId(text)
      ? work(text)
      : Promise.reject(new Refused('That is not the id of a product'))
    done.then(
      (answer) => {
        response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' })
        response.end(JSON.stringify(answer))
      },
      (error: Error) =>
        end(response, error instanceof Refused ? 409 : 500, error.message || 'Redis does not answer'),
    )
  }
}

/** Paths that are answered from one entry of a product. */
const entryPath = /^\/(?:products|p)\/([\w.~-]+)(?:\/(page|reviews))?(?:\?.*)?$/

/**
 * Whether a page of this address asks. Another page in the same browser could reach it too, under a name that it has
 * pointed here (by the `Host`) or by a request across origins (which a browser sends without this header, or asks first).
 */
function isOwn({ headers, method }: IncomingMessage): boolean {
  const host = headers.host?.replace(/:\d+$/, '')
  return (
    (host === '127.0.0.1' || host === 'localhost') && (method === 'GET' || headers['x-inspector'] === '1')
  )
}

function end(response: ServerResponse, status: number, said: string): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
  response.end(JSON.stringify({ said }))
}
