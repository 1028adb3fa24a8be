import { definition, nameIn, tableDefinitions } from '../../project/definition.ts'

/** A pattern of an event source mapping: objects down to lists of rules, of which one must hold. */
type Pattern = { [key: string]: Pattern | Rule[] }
type Rule = string | { prefix: string }

/** What serverless.yml says of the function that follows the catalog's stream. */
export interface Mapping {
  table: string
  /** The function's name on AWS and in serverless-offline. */
  functionName: string
  batchSize: number
  /** Whether the function wants a record. The others are never delivered. */
  wants(record: object): boolean
}

/**
 * Reads the event source mapping of serverless.yml, so that a function gets the same records here as on AWS.
 *
 * @param stage as for the tables
 */
export function streamMapping(stage = 'local'): Mapping {
  const { service, functions } = definition()
  const tables = tableDefinitions()
  for (const [name, { events = [] }] of Object.entries<{ events?: StreamEvent[] }>(functions))
    for (const { stream } of events)
      if (stream)
        return {
          table: nameIn(tables[stream.arn['Fn::GetAtt'][0]]?.TableName, service, stage),
          functionName: `${service}-${stage}-${name}`,
          batchSize: stream.batchSize,
          wants: (record) => stream.filterPatterns.some((pattern) => matches(record, pattern)),
        }
  throw new Error('serverless.yml maps no stream to a function')
}

interface StreamEvent {
  stream?: { arn: { 'Fn::GetAtt': [string, string] }; batchSize: number; filterPatterns: Pattern[] }
}

/** Whether a record matches a pattern. Of the rules that AWS knows those that serverless.yml uses. */
export const matches = (value: unknown, pattern: Pattern | Rule[]): boolean =>
  Array.isArray(pattern)
    ? pattern.some((rule) => holds(value, rule))
    : Object.entries(pattern).every(([key, inner]) =>
        matches((value as Record<string, unknown> | undefined)?.[key], inner),
      )

function holds(value: unknown, rule: Rule): boolean {
  if (typeof rule === 'string') return value === rule
  if (typeof value !== 'string') return false
  if ('prefix' in rule) return value.startsWith(rule.prefix)
  throw new Error(
    `A filter pattern of serverless.yml has a rule that is not known here: ${JSON.stringify(rule)}`,
  )
}
