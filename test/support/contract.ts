import type { Call } from './http.ts'
import {
  type DescribedResponse,
  escapePointerPart,
  follow,
  type Located,
  type Media,
  operations,
  problemTypes,
  schemaErrors,
} from './openapi.ts'

/** The response of a handler. */
export interface Answer {
  statusCode: number
  headers: Record<string, string>
  body?: string
}

/** The headers that any response may have. The introduction of the document describes them. */
const commonResponseHeaders = /^(content-type|vary|x-content-type-options|access-control-.*)$/

/** The headers that any request may have. */
const commonRequestHeaders = /^(content-type|authorization|origin)$/

/**
 * Checks requests and responses of the handlers against docs/openapi.yml, and records which descriptions were used. A
 * failed check throws an error that lists every difference.
 */
export class Contract {
  readonly #seen = new Set<string>()

  /** The described statuses, such as `getProduct 500`, and problem types that no response has had. */
  get unseen(): string[] {
    const statuses = [...operations].flatMap(([id, { operation }]) =>
      Object.keys(operation.responses).map((status) => `${id} ${status}`),
    )
    return [...statuses, ...problemTypes.keys()].filter((each) => !this.#seen.has(each))
  }

  /** Checks that a response has a described status, and exactly the headers and the body that are described for it. */
  checkAnswer(id: string, { statusCode, headers, body }: Answer): void {
    const { operation, pointer } = described(id)
    const name = `${id} ${statusCode}`
    const response = operation.responses[statusCode]
    if (!response) throw new Error(`${name} is not described: ${body}`)
    const at = follow(response, `${pointer}/responses/${statusCode}`)
    const faults = [...headerFaults(at, headers), ...bodyFaults(at, headers['content-type'], body)]
    if (headers['content-type'] === 'application/problem+json') {
      const { type } = JSON.parse(body ?? '')
      if (!problemTypes.get(type)?.startsWith(`${statusCode}: `))
        faults.push(`${type} is not described for status ${statusCode}`)
      this.#seen.add(type)
    }
    if (faults.length > 0) throw new Error(`${name} is not as described:\n${faults.join('\n')}\n${body}`)
    this.#seen.add(name)
  }

  /** Checks that a request has only described parameters and a described body. */
  checkRequest(id: string, { path = {}, query = {}, headers = {}, body }: Call): void {
    const { parameters } = described(id)
    const sent = { path: { ...path }, query: { ...query }, header: toLowerCaseNames(headers) }
    const mediaType = sent.header['content-type'] ?? 'application/json'
    const faults = parameters.flatMap(({ value: { in: where, name, required, schema }, pointer }) => {
      const key = where === 'header' ? name.toLowerCase() : name
      const text = sent[where][key]
      delete sent[where][key]
      if (text !== undefined)
        return schemaErrors(`${pointer}/schema`, parseParameter(schema.type, text), name)
      return required ? [`${name} is missing`] : []
    })
    const undescribed = Object.values(sent).flatMap((rest) => Object.keys(rest))
    for (const name of undescribed)
      if (!commonRequestHeaders.test(name)) faults.push(`${name} is not described`)
    if (faults.length > 0) throw new Error(`The request ${id} is not as described:\n${faults.join('\n')}`)
    // Serialised as it is sent, which removes what JSON cannot represent.
    this.checkBody(
      id,
      typeof body === 'string' || body === undefined ? body : JSON.stringify(body),
      mediaType,
    )
  }

  /** Checks that the body of a request is as described. */
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

function headerFaults(
  { value, pointer }: Located<DescribedResponse>,
  headers: Record<string, string>,
): string[] {
  const known = Object.keys(value.headers ?? {}).map((name) => name.toLowerCase())
  const undescribed = Object.keys(headers).filter(
    (name) => !known.includes(name) && !commonResponseHeaders.test(name),
  )
  return [
    ...undescribed.map((name) => `header ${name} is not described`),
    ...Object.entries(value.headers ?? {}).flatMap(([name, header]) => {
      const at = follow(header, `${pointer}/headers/${name}`)
      const text = headers[name.toLowerCase()]
      if (text !== undefined) return schemaErrors(`${at.pointer}/schema`, text, `header ${name}`)
      return at.value.required ? [`header ${name} is missing`] : []
    }),
  ]
}

function bodyFaults(
  { value, pointer }: Located<Media>,
  mediaType: string | undefined,
  body: string | undefined,
) {
  if (!value.content)
    return mediaType === undefined && body === undefined ? [] : ['there is a body, but none is described']
  if (mediaType === undefined || !Object.hasOwn(value.content, mediaType))
    return [`media type ${mediaType} is not described`]
  return schemaErrors(
    `${pointer}/content/${escapePointerPart(mediaType)}/schema`,
    JSON.parse(body ?? ''),
    'body',
  )
}

/** Converts the text of a parameter to the type in its schema. */
const parseParameter = (type: string | undefined, text: string): unknown =>
  type === 'integer' ? Number(text) : type === 'array' ? text.split(',') : text

const toLowerCaseNames = (headers: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
