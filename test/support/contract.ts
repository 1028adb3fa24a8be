import type { Call } from './http.ts'
import {
  type At,
  type DescribedResponse,
  escaped,
  follow,
  invalid,
  type Media,
  operations,
  problemTypes,
} from './openapi.ts'

/** An answer of a handler. */
export interface Answer {
  statusCode: number
  headers: Record<string, string>
  body?: string
}

/** Headers of any answer; the document tells of them in its introduction. */
const ofAnyAnswer = /^(content-type|vary|x-content-type-options|access-control-.*)$/

const ofAnyRequest = /^(content-type|authorization|origin)$/

/**
 * Compares what the handlers are asked and answer with what docs/openapi.yml says of it, and remembers what was seen.
 * A check throws with every difference.
 */
export class Contract {
  readonly #seen = new Set<string>()

  /** Statuses that are described and were not seen, such as `getProduct 500`, and problem types. */
  get unseen(): string[] {
    const statuses = [...operations].flatMap(([id, { operation }]) =>
      Object.keys(operation.responses).map((status) => `${id} ${status}`),
    )
    return [...statuses, ...problemTypes.keys()].filter((what) => !this.#seen.has(what))
  }

  /** The answer has a described status, and with it the headers and the body that are described, and no others. */
  checkAnswer(id: string, { statusCode, headers, body }: Answer): void {
    const { operation, pointer } = described(id)
    const what = `${id} ${statusCode}`
    const response = operation.responses[statusCode]
    if (!response) throw new Error(`${what} is not described: ${body}`)
    const at = follow(response, `${pointer}/responses/${statusCode}`)
    const faults = [...headerFaults(at, headers), ...bodyFaults(at, headers['content-type'], body)]
    if (headers['content-type'] === 'application/problem+json') {
      const { type } = JSON.parse(body ?? '')
      if (!problemTypes.get(type)?.startsWith(`${statusCode}: `)) faults.push(`${type} is of another status`)
      this.#seen.add(type)
    }
    if (faults.length > 0) throw new Error(`${what} is not as described:\n${faults.join('\n')}\n${body}`)
    this.#seen.add(what)
  }

  /** The request has described parameters and a described body, and nothing else. */
  checkRequest(id: string, { path = {}, query = {}, headers = {}, body }: Call): void {
    const { parameters } = described(id)
    const sent = { path: { ...path }, query: { ...query }, header: lowerCased(headers) }
    const mediaType = sent.header['content-type'] ?? 'application/json'
    const faults = parameters.flatMap(({ value: { in: where, name, required, schema }, pointer }) => {
      const key = where === 'header' ? name.toLowerCase() : name
      const text = sent[where][key]
      delete sent[where][key]
      if (text !== undefined) return invalid(`${pointer}/schema`, typed(schema.type, text), name)
      return required ? [`${name} is missing`] : []
    })
    const unknown = Object.values(sent).flatMap((rest) => Object.keys(rest))
    for (const name of unknown) if (!ofAnyRequest.test(name)) faults.push(`${name} is not described`)
    if (faults.length > 0) throw new Error(`A request ${id} is not as described:\n${faults.join('\n')}`)
    // As it is sent: without what JSON has no room for.
    this.checkBody(
      id,
      typeof body === 'string' || body === undefined ? body : JSON.stringify(body),
      mediaType,
    )
  }

  /** The body of a request is described. */
  checkBody(id: string, body: string | undefined, mediaType = 'application/json'): void {
    const { operation, pointer } = described(id)
    const at = follow(operation.requestBody ?? {}, `${pointer}/requestBody`)
    const faults = bodyFaults(at, body === undefined ? undefined : mediaType, body)
    if (faults.length > 0) throw new Error(`The body of ${id} is not as described:\n${faults.join('\n')}`)
  }
}

function described(id: string) {
  const operation = operations.get(id)
  if (!operation) throw new Error(`The operation ${id} is not described`)
  return operation
}

function headerFaults({ value, pointer }: At<DescribedResponse>, headers: Record<string, string>): string[] {
  const known = Object.keys(value.headers ?? {}).map((name) => name.toLowerCase())
  const unknown = Object.keys(headers).filter((name) => !known.includes(name) && !ofAnyAnswer.test(name))
  return [
    ...unknown.map((name) => `header ${name} is not described`),
    ...Object.entries(value.headers ?? {}).flatMap(([name, header]) => {
      const at = follow(header, `${pointer}/headers/${name}`)
      const text = headers[name.toLowerCase()]
      if (text !== undefined) return invalid(`${at.pointer}/schema`, text, `header ${name}`)
      return at.value.required ? [`header ${name} is missing`] : []
    }),
  ]
}

function bodyFaults({ value, pointer }: At<Media>, mediaType: string | undefined, body: string | undefined) {
  if (!value.content) return mediaType === undefined && body === undefined ? [] : ['no body is described']
  if (mediaType === undefined || !Object.hasOwn(value.content, mediaType)) return [`media type ${mediaType}`]
  return invalid(`${pointer}/content/${escaped(mediaType)}/schema`, JSON.parse(body ?? ''), 'body')
}

/** The text of a parameter as what its schema says. */
const typed = (type: string | undefined, text: string): unknown =>
  type === 'integer' ? Number(text) : type === 'array' ? text.split(',') : text

const lowerCased = (headers: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
