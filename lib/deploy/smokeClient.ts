/** A step of the smoke test failed. The message is for the person who runs it. */
export class SmokeFailure extends Error {
  override name = 'SmokeFailure'
}

export interface Answer {
  status: number
  headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: the catalogue may answer anything; each step names the fields it checks
  body: any
}

/** What a step expects of the answer: its status, its Cache-Status, and its body. */
export interface Expected {
  status: number
  cache?: RegExp
  body?: (body: Answer['body']) => boolean
}

export interface SmokeClientOptions {
  /** The address of the catalogue, without a path. */
  url: string
  /** A token with the scope catalog:write. */
  token?: string | undefined
  /**
   * How long an answer may differ from the expected one, in ms: a CDN may serve an old answer while it may be stale.
   */
  patienceMs: number
  /** Called with each step that passed, and how long it took, in ms. */
  onStep: (step: string, ms: number) => void
}

export type SmokeClient = ReturnType<typeof createSmokeClient>

/** Creates the client of the smoke test. Each of its requests may take 10 s. */
export function createSmokeClient({ url, token, patienceMs, onStep }: SmokeClientOptions) {
  const request = async (
    method: string,
    path: string,
    extra: Record<string, string> = {},
    body?: object,
  ): Promise<Answer> => {
    const response = await fetch(new URL(path, url), {
      method,
      headers: { ...extra, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
      redirect: 'error',
      signal: AbortSignal.timeout(10_000),
    })
    const text = await response.text()
    return { status: response.status, headers: response.headers, body: parseBody(text) }
  }

  /**
   * Sends a request and checks its answer. If `isPatient`, repeats the request until the answer is as expected or
   * {@link SmokeClientOptions.patienceMs} have run out.
   *
   * @throws {SmokeFailure} that says how the answer differs
   */
  const step = async (
    name: string,
    send: () => Promise<Answer>,
    expected: Expected,
    isPatient = false,
  ): Promise<Answer> => {
    const startedAt = performance.now()
    for (;;) {
      const answer = await send().catch((error) => {
        throw new SmokeFailure(`${name}: ${url} does not answer: ${error.cause?.message ?? error.message}`)
      })
      const fault = findFault(answer, expected)
      const ms = performance.now() - startedAt
      if (!fault) {
        onStep(name, ms)
        return answer
      }
      if (!isPatient || ms > patienceMs) throw new SmokeFailure(`${name}: ${fault}${quote(answer)}`)
      await new Promise((resolve) => setTimeout(resolve, 250))
    }
  }

  return {
    step,
    /** Like `step`, but repeats the request while `patienceMs` have not run out. */
    eventually: (name: string, send: () => Promise<Answer>, expected: Expected) =>
      step(name, send, expected, true),
    request,
    read: (path: string, headers?: Record<string, string>) => () => request('GET', path, headers),
    write: (method: string, path: string, body?: object) => () =>
      request(method, path, { authorization: `Bearer ${token}` }, body),
  }
}

/** Parses JSON. Returns any other text unchanged. */
function parseBody(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** Describes how an answer differs from the expected one; undefined if it does not. */
function findFault(answer: Answer, { status, cache, body }: Expected): string | undefined {
  if (answer.status !== status) return `the status is ${answer.status} instead of ${status}`
  const cacheStatus = answer.headers.get('cache-status')
  if (cache && !cache.test(cacheStatus ?? ''))
    return `Cache-Status is ${cacheStatus}, which does not match ${cache}`
  try {
    return !body || body(answer.body) ? undefined : 'the answer does not have the expected content'
  } catch {
    return 'the answer does not have the form of an answer of the catalogue'
  }
}

/** Quotes the beginning of an answer, so that the user does not have to repeat the request by hand. */
const quote = ({ body }: Answer): string => {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return text ? `\n${text.slice(0, 500)}` : ''
}
