const docs = (page: string) => `https://docs.aws.amazon.com/${page}`

/** What AWS allows, as documented; what can be raised on request says so. */
export const quotas = {
  httpApiRate: {
    what: 'HTTP API: requests/s of an account in a region, all APIs together; can be raised',
    value: 10_000,
    source: docs('apigateway/latest/developerguide/limits.html'),
    known: 'AWS page, undated copy',
  },
  cloudFrontRate: {
    what: 'CloudFront: requests/s of a distribution; can be raised',
    value: 250_000,
    source: docs('AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html'),
    known: 'not verified',
  },
  concurrency: {
    what: 'Lambda: sandboxes that work at the same time, an account in a region; can be raised by far',
    value: 1000,
    source: docs('lambda/latest/dg/gettingstarted-limits.html'),
    known: 'AWS page, undated copy',
  },
  requestsEach: {
    what: 'Lambda: requests/s for each unit of that concurrency, however short they are',
    value: 10,
    source: docs('lambda/latest/dg/lambda-concurrency.html'),
    known: 'quoted, undated',
  },
  scalingRate: {
    what: 'Lambda: more sandboxes in 10 s, each function',
    value: 1000,
    source: docs('lambda/latest/dg/scaling-behavior.html'),
    known: 'AWS page, undated copy',
  },
  interfaceConnections: {
    what: 'Lambda in a VPC: connections of one network interface; more are added by themselves',
    value: 65_000,
    source: docs('lambda/latest/dg/configuration-vpc.html'),
    known: 'AWS page, undated copy',
  },
  clients: {
    what: 'ElastiCache Serverless: connections to a cache; cannot be changed',
    value: 65_000,
    source: docs('AmazonElastiCache/latest/dg/RedisConfiguration.html'),
    known: 'AWS page, 2026-10-01',
  },
  ecpus: {
    what: 'ElastiCache Serverless: ECPU/s of a cache',
    value: 15_000_000,
    source: docs('AmazonElastiCache/latest/dg/RedisConfiguration.html'),
    known: 'AWS page, 2026-10-01',
  },
  slotEcpus: {
    what: 'ElastiCache Serverless: ECPU/s of a slot, and of an empty cache; 90,000 where replicas may answer',
    value: 30_000,
    source: docs('AmazonElastiCache/latest/dg/Scaling.html'),
    known: 'AWS page, 2026-10-01',
  },
  doublingMinutes: {
    what: 'ElastiCache Serverless, Valkey 8 and later: minutes until it can do twice as much',
    value: 3,
    source: docs('AmazonElastiCache/latest/dg/Scaling.html'),
    known: 'AWS page, undated copy',
  },
  cacheGiB: {
    what: 'ElastiCache Serverless: GiB of a cache; a slot holds 32',
    value: 5000,
    source: docs('AmazonElastiCache/latest/dg/RedisConfiguration.html'),
    known: 'AWS page, 2026-10-01',
  },
  tableUnits: {
    what: 'DynamoDB: read units/s of a table on demand, and as many write units/s; can be raised',
    value: 40_000,
    source: docs('amazondynamodb/latest/developerguide/ServiceQuotas.html'),
    known: 'AWS page, undated copy',
  },
  newTableReads: {
    what: 'DynamoDB: read units/s that a new table on demand bears at once; 4,000 write units/s',
    value: 12_000,
    source: docs('amazondynamodb/latest/developerguide/warm-throughput.html'),
    known: 'quoted, 2026-11-20',
  },
  partitionReads: {
    what: 'DynamoDB: read units/s of a partition',
    value: 3000,
    source: docs('amazondynamodb/latest/developerguide/warm-throughput-scenarios.html'),
    known: 'AWS page, undated copy',
  },
  partitionWrites: {
    what: 'DynamoDB: write units/s of a partition, also of one of an index',
    value: 1000,
    source: docs('amazondynamodb/latest/developerguide/warm-throughput-scenarios.html'),
    known: 'AWS page, undated copy',
  },
  collectionGB: {
    what: 'DynamoDB: GB of all items with one `pk`, those in the local index counted again',
    value: 10,
    source: docs('amazondynamodb/latest/developerguide/LSI.html'),
    known: 'AWS page, undated copy',
  },
  lanes: {
    what: 'Lambda on a stream: batches of one shard at the same time, at most',
    value: 10,
    source: docs('lambda/latest/dg/services-ddb-params.html'),
    known: 'quoted, undated',
  },
  readers: {
    what: 'DynamoDB streams: readers of a shard, at most',
    value: 2,
    source: docs('amazondynamodb/latest/developerguide/Streams.html'),
    known: 'AWS page, undated copy',
  },
  payloadMB: {
    what: 'Lambda: MB of a request and of an answer',
    value: 6,
    source: docs('lambda/latest/dg/gettingstarted-limits.html'),
    known: 'not verified',
  },
} as const
