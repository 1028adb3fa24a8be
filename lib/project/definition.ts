import { readFileSync } from 'node:fs'
import { parse } from 'yaml'

const read = (file: string) => parse(readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8'))

/** What serverless.yml says. */
export const definition = () => read('serverless.yml')

/** The properties of each table that resources/tables.yml defines, here as on AWS, by the table's logical name. */
export function tableDefinitions(): Record<string, Record<string, unknown>> {
  const resources: Record<string, { Properties: Record<string, unknown> }> =
    read('resources/tables.yml').Resources
  return Object.fromEntries(Object.entries(resources).map(([id, { Properties }]) => [id, Properties]))
}

/** A name in these files, with what Serverless puts into it. */
export const nameIn = (text: unknown, service: string, stage: string): string =>
  String(text).replaceAll('${self:service}', service).replaceAll('${sls:stage}', stage)
