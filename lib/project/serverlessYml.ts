import { readFileSync } from 'node:fs'
import { parse } from 'yaml'

const read = (file: string) => parse(readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8'))

/** Reads and parses serverless.yml. */
export const readServerlessYml = () => read('serverless.yml')

/**
 * Reads the properties of each table in resources/tables.yml, by the table's logical name. The local tables and those
 * on AWS have the same properties.
 */
export function readTableDefinitions(): Record<string, Record<string, unknown>> {
  const resources: Record<string, { Properties: Record<string, unknown> }> =
    read('resources/tables.yml').Resources
  return Object.fromEntries(Object.entries(resources).map(([id, { Properties }]) => [id, Properties]))
}

/** Replaces the variables `${self:service}` and `${sls:stage}` in a name, as the Serverless Framework does. */
export const resolveName = (text: unknown, service: string, stage: string): string =>
  String(text).replaceAll('${self:service}', service).replaceAll('${sls:stage}', stage)
