import { readFileSync } from 'node:fs'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { parse } from 'yaml'

interface Reference {
  $ref?: string
}
export interface Parameter extends Reference {
  name: string
  in: 'path' | 'query' | 'header'
  required?: boolean
  schema: { type?: string }
}
export interface Media extends Reference {
  content?: Record<string, { schema: unknown }>
}
export interface DescribedResponse extends Media {
  headers?: Record<string, Reference & { required?: boolean }>
}
export interface Operation {
  operationId: string
  security: { token?: string[] }[]
  parameters?: Parameter[]
  requestBody?: Media
  responses: Record<string, DescribedResponse>
}
type Methods = 'get' | 'put' | 'post' | 'patch' | 'delete'
type PathItem = { [method in Methods]?: Operation } & { parameters?: Parameter[] }
interface Document {
  info: { version: string }
  paths: Record<string, PathItem>
  components: { schemas: { ProblemType: { oneOf: { const: string; description: string }[] } } }
}

/** The parts of docs/openapi.yml that tests read. */
export const document: Document = parse(
  readFileSync(new URL('../../docs/openapi.yml', import.meta.url), 'utf8'),
)

/** The operations by id. The id is the name of the function. */
export const operations = new Map(
  Object.entries(document.paths).flatMap(([path, { parameters = [], ...methods }]) =>
    Object.entries(methods).map(([method, operation]) => {
      const pointer = `/paths/${escapePointerPart(path)}`
      const allParameters = [
        ...parameters.map((parameter, index) => follow(parameter, `${pointer}/parameters/${index}`)),
        ...(operation.parameters ?? []).map((parameter, index) =>
          follow(parameter, `${pointer}/${method}/parameters/${index}`),
        ),
      ]
      return [
        operation.operationId,
        { method, path, operation, parameters: allParameters, pointer: `${pointer}/${method}` },
      ]
    }),
  ),
)

/** The description of each problem type. It begins with the status. */
export const problemTypes = new Map(
  document.components.schemas.ProblemType.oneOf.map(({ const: type, description }) => [type, description]),
)

/** A value of the document with its JSON pointer (RFC 6901). */
export interface Located<T> {
  value: T
  pointer: string
}

/** Resolves an object of the document that may be a reference. */
export function follow<T extends Reference>(value: T, pointer: string): Located<T> {
  if (!value.$ref) return { value, pointer }
  const target = value.$ref.slice(1)
  let found: unknown = document
  for (const part of target.split('/').slice(1)) found = (found as Record<string, unknown>)[part]
  return follow(found as T, target)
}

/** Escapes a part of a JSON pointer. */
export function escapePointerPart(part: string): string {
  return part.replaceAll('~', '~0').replaceAll('/', '~1')
}

// Not strict, because the document contains more than schemas. Its linter finds misspelt keywords.
const ajv = new Ajv2020({ strict: false, allErrors: true, verbose: true })
addFormats.default(ajv)
ajv.addSchema(document, 'openapi', undefined, false)
const validators = new Map<string, ValidateFunction>()

/** Validates a value against the schema at a JSON pointer, and returns the errors. */
export function schemaErrors(pointer: string, value: unknown, name: string): string[] {
  const validate = validators.get(pointer) ?? ajv.compile({ $ref: `openapi#${encodeURI(pointer)}` })
  validators.set(pointer, validate)
  if (validate(value)) return []
  return (validate.errors ?? []).map(
    ({ instancePath, message, params, data }) =>
      `${name}${instancePath} ${message} ${JSON.stringify(params)}: ${JSON.stringify(data)?.slice(0, 200)}`,
  )
}
