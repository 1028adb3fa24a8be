// Creates three alarms for each function in serverless.yml, so that no function is forgotten. docs/operations.md
// explains the alarms.
const { readFileSync } = require('node:fs')
const { join } = require('node:path')
const { parse } = require('yaml')

const { functions, provider } = parse(readFileSync(join(__dirname, '../serverless.yml'), 'utf8'))

const alarm = (name, section, description, properties) => ({
  Type: 'AWS::CloudWatch::Alarm',
  Condition: 'IsWatched',
  Properties: {
    AlarmName: `\${self:service}-\${sls:stage}-${name}-${section}`,
    AlarmDescription: `${description} See docs/operations.md#${section}`,
    AlarmActions: [{ Ref: 'Alarms' }],
    OKActions: [{ Ref: 'Alarms' }],
    Namespace: 'AWS/Lambda',
    Dimensions: [{ Name: 'FunctionName', Value: { Ref: `${logicalId(name)}LambdaFunction` } }],
    // Two of three periods, so that a single crash or one slow start raises no alarm.
    Period: 300,
    EvaluationPeriods: 3,
    DatapointsToAlarm: 2,
    TreatMissingData: 'notBreaching',
    ...properties,
  },
})

const logicalId = (name) => name[0].toUpperCase() + name.slice(1)

/** The limit in ms: 1 s for a function that answers requests, half of its timeout for a background function. */
const slowMs = ({ events = [], timeout = provider.timeout }) =>
  events.some((event) => !event.httpApi) ? timeout * 500 : 1000

const alarmsOf = ([name, definition]) => [
  [
    `${logicalId(name)}Errors`,
    alarm(name, 'errors', `${name} crashes or times out.`, {
      ...{ MetricName: 'Errors', Statistic: 'Sum' },
      ...{ ComparisonOperator: 'GreaterThanOrEqualToThreshold', Threshold: 1 },
    }),
  ],
  [
    `${logicalId(name)}Throttles`,
    alarm(name, 'throttles', `${name} reached its concurrency limit.`, {
      ...{ MetricName: 'Throttles', Statistic: 'Sum' },
      ...{ ComparisonOperator: 'GreaterThanOrEqualToThreshold', Threshold: 1 },
    }),
  ],
  [
    `${logicalId(name)}Slow`,
    alarm(name, 'slow', `One in a hundred calls of ${name} takes longer than ${slowMs(definition)} ms.`, {
      ...{ MetricName: 'Duration', ExtendedStatistic: 'p99' },
      ...{ ComparisonOperator: 'GreaterThanThreshold', Threshold: slowMs(definition) },
    }),
  ],
]

module.exports = { Resources: Object.fromEntries(Object.entries(functions).flatMap(alarmsOf)) }
