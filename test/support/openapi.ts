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

/** docs/openapi.yml, as far as tests look at it. */
export const document: Document = parse(
  readFileSync(new URL('../../docs/openapi.yml', import.meta.url), 'utf8'),
)

/** The operations by their id, which is the name of the function. */
export const operations = new Map(
  Object.entries(document.paths).flatMap(([path, { parameters = [], ...methods }]) =>
    Object.entries(methods).map(([method, operation]) => {
      const pointer = `/paths/${escaped(path)}`
      const all = [
        ...parameters.map((parameter, index) => follow(parameter, `${pointer}/parameters/${index}`)),
        ...(operation.parameters ?? []).map((parameter, index) =>
          follow(parameter, `${pointer}/${method}/parameters/${index}`),
        ),
      ]
      return [
        operation.operationId,
        { method, path, operation, parameters: all, pointer: `${pointer}/${method}` },
      ]
    }),
  ),
)

/** What each problem type means; begins with its status. */
export const problemTypes = new Map(
  document.components.schemas.ProblemType.oneOf.map(({ const: type, description }) => [type, description]),
)

/** Something of the document, and where it stands (RFC 6901). */
export interface At<T> {
  value: T
  pointer: string
}

/** What an object of the document stands for, which may be a reference. */
export function follow<T extends Reference>(value: T, pointer: string): At<T> {
  if (!value.$ref) return { value, pointer }
  const target = value.$ref.slice(1)
  let found: unknown = document
  for (const part of target.split('/').slice(1)) found = (found as Record<string, unknown>)[part]
  return follow(found as T, target)
}

/** A part of a JSON pointer. */
export function escaped(part: string): string {
  return part.replaceAll('~', '~0').replaceAll('/', '~1')
}

// Not strict: the document holds more than schemas. Misspelt keywords are found by its linter.
const ajv = new Ajv2020({ strict: false, allErrors: true, verbose: true })
addFormats.default(ajv)
ajv.addSchema(document, 'openapi', undefined, false)
const validators = new Map<string, ValidateFunction>()

/** What the schema at this place of the document says against a value. */
export function invalid(pointer: string, value: unknown, name: string): string[] {
  const validate = validators.get(pointer) ?? ajv.compile({ $ref: `openapi#${encodeURI(pointer)}` })
  validators.set(pointer, validate)
  if (validate(value)) return []
  return (validate.errors ?? []).map(
    ({ instancePath, message, params, data }) =>
      `${name}${instancePath} ${message} ${JSON.stringify(params)}: ${JSON.stringify(data)?.slice(0, 200)}`,
  )
}
