import { metricsNamespace } from './requestMetrics.ts'

/** Returns the CloudWatch unit of a metric. A name that ends with `Ms` is a duration. */
const unitOf = (name: string): string =>
  name.endsWith('Ms') ? 'Milliseconds' : name === 'nines' ? 'None' : 'Count'

/**
 * Returns the rest of the member `_aws` after its time stamp, in CloudWatch's embedded metric format. It declares
 * which members of the line are metrics.
 *
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export function metricsDirective(dimension: string, names: readonly string[]): string {
  const Metrics = names.map((Name) => ({ Name, Unit: unitOf(Name) }))
  const directives = [{ Namespace: metricsNamespace, Dimensions: [[dimension]], Metrics }]
  return `,"CloudWatchMetrics":${JSON.stringify(directives)}}`
}

export type Level = 'info' | 'warn' | 'error'

/**
 * Returns the one line of a job or of a stream batch, which is both its log and its metrics.
 *
 * @param source such as `{ job: 'warm' }`: the dimension of the metrics
 * @param fields further members of the line that are not metrics
 */
export function metricLine(
  source: Record<string, string>,
  level: Level,
  metrics: Record<string, number>,
  fields: object = {},
): string {
  const [dimension = ''] = Object.keys(source)
  const members = JSON.stringify({ level, ...source, ...metrics, ...fields }).slice(0, -1)
  return `${members},"_aws":{"Timestamp":${Date.now()}${metricsDirective(dimension, Object.keys(metrics))}}\n`
}
