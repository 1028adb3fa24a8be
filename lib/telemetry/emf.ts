import { metricsNamespace } from './requestMetrics.ts'

/** Of a metric in CloudWatch, by its name: what ends with `Ms` is a duration. */
const unitOf = (name: string): string =>
  name.endsWith('Ms') ? 'Milliseconds' : name === 'nines' ? 'None' : 'Count'

/**
 * What follows the time stamp in the member `_aws` of a line, in CloudWatch's embedded metric format: which members of the
 * line are metrics.
 *
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export function directive(dimension: string, names: readonly string[]): string {
  const Metrics = names.map((Name) => ({ Name, Unit: unitOf(Name) }))
  const all = [{ Namespace: metricsNamespace, Dimensions: [[dimension]], Metrics }]
  return `,"CloudWatchMetrics":${JSON.stringify(all)}}`
}

export type Level = 'info' | 'warn' | 'error'

/**
 * The one line of what nobody asked for by HTTP, a job or a batch of the stream: its log and its metrics at once.
 *
 * @param of what it is, such as `{ job: 'warm' }`: the dimension of its metrics
 * @param about what is in the line and is no metric
 */
export function metricLine(
  of: Record<string, string>,
  level: Level,
  metrics: Record<string, number>,
  about: object = {},
): string {
  const [dimension = ''] = Object.keys(of)
  const members = JSON.stringify({ level, ...of, ...metrics, ...about }).slice(0, -1)
  return `${members},"_aws":{"Timestamp":${Date.now()}${directive(dimension, Object.keys(metrics))}}\n`
}
