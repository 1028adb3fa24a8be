// The body of the dashboard in resources/watching.yml. Its graphs run from the readers' view down to the servers.
const { readFileSync } = require('node:fs')
const { join } = require('node:path')
const { parse } = require('yaml')

const { functions } = parse(readFileSync(join(__dirname, '../serverless.yml'), 'utf8'))
const functionNames = Object.keys(functions).map((name) => `\${self:service}-\${sls:stage}-${name}`)
const namespace = '${self:custom.metrics}'

const of = (dimension, value, names) => (schema) => names.map((name) => [schema, name, dimension, value])
const api = (...names) => of('ApiId', '${HttpApi}', names)('AWS/ApiGateway')
const cache = (...names) => of('clusterId', '${Cache}', names)('AWS/ElastiCache')
const table = (...names) => of('TableName', '${CatalogTable}', names)('AWS/DynamoDB')
const lambda = (name) => functionNames.map((value) => ['AWS/Lambda', name, 'FunctionName', value])
/** A metric of every route that reports it. */
const byRoute = (name) => [
  [{ expression: `SEARCH('{"${namespace}",route} MetricName="${name}"', 'Sum')`, label: name }],
]
const ofAll = (name, id) => [
  {
    ...{ expression: `SUM(SEARCH('{"${namespace}",route} MetricName="${name}"', 'Sum'))` },
    ...{ id, label: name, visible: false },
  },
]

const graphs = [
  ['Requests', 'Sum', api('Count', '4xx', '5xx')],
  ['Latency, ms', 'p99', api('Latency', 'IntegrationLatency')],
  [
    'Hit ratio, %',
    'Sum',
    [
      ...[ofAll('hits', 'h'), ofAll('staleServed', 's'), ofAll('misses', 'm')],
      [{ expression: '100 * (h + s) / (h + s + m)', label: 'all routes', id: 'ratio' }],
    ],
  ],
  [
    'Reads bypassing the cache',
    'Sum',
    ['Timeout', 'Error', 'Away'].flatMap((why) => byRoute(`failOpensRedis${why}`)),
  ],
  ['Deferred removals', 'Sum', byRoute('deferredInvalidations')],
  ['Read units, used and saved', 'Sum', [...byRoute('readUnits'), ...byRoute('readUnitsSaved')]],
  ['Functions: crashes', 'Sum', lambda('Errors')],
  ['Functions: throttles', 'Sum', lambda('Throttles')],
  ['Functions: p99 duration, ms', 'p99', lambda('Duration')],
  ['Functions: concurrent executions', 'Maximum', lambda('ConcurrentExecutions')],
  ['Cache: bytes and evictions', 'Maximum', cache('BytesUsedForCache', 'Evictions')],
  ['Cache: ECPUs and throttled commands', 'Sum', cache('ElastiCacheProcessingUnits', 'ThrottledCmds')],
  ['Cache: connections', 'Maximum', cache('CurrConnections', 'NewConnections', 'AuthenticationFailures')],
  ['Cache: latency, µs', 'Average', cache('SuccessfulReadRequestLatency', 'SuccessfulWriteRequestLatency')],
  ['Table: consumed units', 'Sum', table('ConsumedReadCapacityUnits', 'ConsumedWriteCapacityUnits')],
  ['Table: throttled requests', 'Sum', table('ReadThrottleEvents', 'WriteThrottleEvents')],
  [
    'Stream: iterator age, ms',
    'Maximum',
    [['AWS/Lambda', 'IteratorAge', 'FunctionName', '${OnProductChangeLambdaFunction}']],
  ],
  [
    'Stream: dead letters, malformed records',
    'Maximum',
    [
      ['AWS/SQS', 'ApproximateNumberOfMessagesVisible', 'QueueName', '${DeadLetters.QueueName}'],
      [namespace, 'malformedRecords', 'stream', 'onProductChange'],
    ],
  ],
  [
    'Audit: nines, stale entries',
    'Minimum',
    [
      [namespace, 'nines', 'job', 'audit'],
      [namespace, 'stale', 'job', 'audit', { yAxis: 'right' }],
    ],
  ],
]

const widgets = graphs.map(([title, stat, metrics], index) => ({
  type: 'metric',
  ...{ x: (index % 3) * 8, y: Math.floor(index / 3) * 6, width: 8, height: 6 },
  properties: { title, stat, metrics, region: '${AWS::Region}', view: 'timeSeries', period: 60 },
}))

module.exports = { 'Fn::Sub': JSON.stringify({ widgets }) }
