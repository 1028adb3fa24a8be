import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { parse } from 'yaml'
import { projectFolder } from '../../lib/project/folder.ts'

interface Resource {
  Type: string
  Properties: { Metrics?: { MetricStat?: object }[] }
}

const read = (file: string) => parse(readFileSync(join(projectFolder, file), 'utf8'))
const resources: Resource[] = [
  ...Object.values<Resource>(read('resources/watching.yml').Resources),
  ...Object.values<Resource>(createRequire(import.meta.url)('../../resources/functionAlarms.cjs').Resources),
]
const all = resources.filter(({ Type }) => Type === 'AWS::CloudWatch::Alarm')

/** The alarms of `prod`. Billed is each metric that one looks at. */
export const alarms = {
  count: all.length,
  metrics: all.reduce((sum, { Properties: { Metrics } }) => {
    return sum + (Metrics?.filter(({ MetricStat }) => MetricStat).length ?? 1)
  }, 0),
}

const functions: Record<string, { events?: { httpApi?: unknown }[] }> = read('serverless.yml').functions

/** Each route has metrics of its own. */
export const routes = Object.values(functions).flatMap(({ events = [] }) =>
  events.filter(({ httpApi }) => httpApi),
).length

/** Of those in lib/telemetry/requestMetrics.ts, what a route has that is asked for and in good health; the others are billed by the hour. */
export const metricsOfRoute = 7
