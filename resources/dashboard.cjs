// The body of the dashboard in resources/watching.yml: from what the readers see down to the servers.
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
/** The metric of every route that has it. */
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
  ['Time until the answer, ms', 'p99', api('Latency', 'IntegrationLatency')],
  [
    'Hit ratio, %',
    'Sum',
    [
      ...[ofAll('hits', 'h'), ofAll('staleServed', 's'), ofAll('misses', 'm')],
      [{ expression: '100 * (h + s) / (h + s + m)', label: 'all routes', id: 'ratio' }],
    ],
  ],
  [
    'Reads past the cache',
    'Sum',
    ['Timeout', 'Error', 'Away'].flatMap((why) => byRoute(`failOpensRedis${why}`)),
  ],
  ['Removals that were deferred', 'Sum', byRoute('deferredInvalidations')],
  ['Read units, used and saved', 'Sum', [...byRoute('readUnits'), ...byRoute('readUnitsSaved')]],
  ['Functions: crashes', 'Sum', lambda('Errors')],
  ['Functions: refused', 'Sum', lambda('Throttles')],
  ['Functions: p99, ms', 'p99', lambda('Duration')],
  ['Functions at the same time', 'Maximum', lambda('ConcurrentExecutions')],
  ['Cache: full?', 'Maximum', cache('BytesUsedForCache', 'Evictions')],
  ['Cache: work', 'Sum', cache('ElastiCacheProcessingUnits', 'ThrottledCmds')],
  ['Cache: connections', 'Maximum', cache('CurrConnections', 'NewConnections', 'AuthenticationFailures')],
  ['Cache: latency, µs', 'Average', cache('SuccessfulReadRequestLatency', 'SuccessfulWriteRequestLatency')],
  ['Table: units', 'Sum', table('ConsumedReadCapacityUnits', 'ConsumedWriteCapacityUnits')],
  ['Table: refused', 'Sum', table('ReadThrottleEvents', 'WriteThrottleEvents')],
  [
    'Stream: age, ms',
    'Maximum',
    [['AWS/Lambda', 'IteratorAge', 'FunctionName', '${OnProductChangeLambdaFunction}']],
  ],
  [
    'Stream: given up, malformed',
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
