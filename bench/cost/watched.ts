import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { parse } from 'yaml'
import { projectDirectory } from '../../lib/project/projectDirectory.ts'

interface Resource {
  Type: string
  Properties: { Metrics?: { MetricStat?: object }[] }
}

const read = (file: string) => parse(readFileSync(join(projectDirectory, file), 'utf8'))
const resources: Resource[] = [
  ...Object.values<Resource>(read('resources/watching.yml').Resources),
  ...Object.values<Resource>(createRequire(import.meta.url)('../../resources/functionAlarms.cjs').Resources),
]
const all = resources.filter(({ Type }) => Type === 'AWS::CloudWatch::Alarm')

/** The alarms of `prod`. AWS bills each metric that an alarm evaluates. */
export const alarms = {
  count: all.length,
  metrics: all.reduce((sum, { Properties: { Metrics } }) => {
    return sum + (Metrics?.filter(({ MetricStat }) => MetricStat).length ?? 1)
  }, 0),
}

const functions: Record<string, { events?: { httpApi?: string | object }[] }> =
  read('serverless.yml').functions

/** Routes whose lines count nothing: HEAD counts as GET, and the files and unknown paths read nothing. */
const withoutMetrics = /^HEAD |^GET \/(assets|pictures|robots|favicon)|\/\{path\+\}$/

/** The number of routes that have metrics. Each has its own. */
export const routes = Object.values(functions).flatMap(({ events = [] }) =>
  events.filter(({ httpApi }) => httpApi && !(typeof httpApi === 'string' && withoutMetrics.test(httpApi))),
).length

/**
 * How many of the metrics in lib/telemetry/requestMetrics.ts a healthy route sends while it receives requests. AWS bills
 * the others by the hour.
 */
export const metricsOfRoute = 7
