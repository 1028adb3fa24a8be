import { metricsNamespace } from './requestMetrics.ts'

/**
 * The one line of a job that nobody asked for by HTTP: its log and its metrics at once, in CloudWatch's embedded metric
 * format, with the dimension `job`.
 *
 * @param metrics a name that ends with `Ms` is a duration. Zeros are kept: that a job found nothing is worth knowing
 * @param about what is in the line and is no metric
 */
export function jobLine(
  job: string,
  level: string,
  metrics: Record<string, number>,
  about: object = {},
): string {
  const Metrics = Object.keys(metrics).map((Name) => ({
    Name,
    Unit: Name === 'nines' ? 'None' : Name.endsWith('Ms') ? 'Milliseconds' : 'Count',
  }))
  const _aws = {
    Timestamp: Date.now(),
    CloudWatchMetrics: [{ Namespace: metricsNamespace, Dimensions: [['job']], Metrics }],
  }
  return `${JSON.stringify({ level, job, ...metrics, ...about, _aws })}\n`
}
