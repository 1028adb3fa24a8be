import { readServerlessYml, readTableDefinitions, resolveName } from '../../project/serverlessYml.ts'

/** A filter pattern of an event source mapping: nested objects whose leaves are lists of alternative rules. */
type Pattern = { [key: string]: Pattern | Rule[] }
type Rule = string | { prefix: string }

/** The event source mapping between the catalogue's stream and its function. */
export interface EventSourceMapping {
  table: string
  /** The function's name, on AWS and in serverless-offline. */
  functionName: string
  batchSize: number
  /** Whether a record passes the filter. Other records are never delivered. */
  accepts(record: object): boolean
}

/**
 * Reads the event source mapping from serverless.yml, so that the function receives the same records here as on AWS.
 *
 * @param stage replaces `${sls:stage}` in the names
 */
export function readEventSourceMapping(stage = 'local'): EventSourceMapping {
  const { service, functions } = readServerlessYml()
  const tables = readTableDefinitions()
  for (const [name, { events = [] }] of Object.entries<{ events?: StreamEvent[] }>(functions))
    for (const { stream } of events)
      if (stream)
        return {
          table: resolveName(tables[stream.arn['Fn::GetAtt'][0]]?.TableName, service, stage),
          functionName: `${service}-${stage}-${name}`,
          batchSize: stream.batchSize,
          accepts: (record) => stream.filterPatterns.some((pattern) => matchesPattern(record, pattern)),
        }
  throw new Error('serverless.yml does not map a stream to a function')
}

interface StreamEvent {
  stream?: { arn: { 'Fn::GetAtt': [string, string] }; batchSize: number; filterPatterns: Pattern[] }
}

/**
 * Returns whether a value matches a filter pattern. Supports only those rules of AWS that serverless.yml uses.
 *
 * @throws {Error} for another rule
 */
export const matchesPattern = (value: unknown, pattern: Pattern | Rule[]): boolean =>
  Array.isArray(pattern)
    ? pattern.some((rule) => matchesRule(value, rule))
    : Object.entries(pattern).every(([key, inner]) =>
        matchesPattern((value as Record<string, unknown> | undefined)?.[key], inner),
      )

function matchesRule(value: unknown, rule: Rule): boolean {
  if (typeof rule === 'string') return value === rule
  if (typeof value !== 'string') return false
  if ('prefix' in rule) return value.startsWith(rule.prefix)
  throw new Error(`serverless.yml has a filter rule that is not supported here: ${JSON.stringify(rule)}`)
}
