const docs = (page: string) => `https://docs.aws.amazon.com/${page}`

/** The limits that AWS documents. A limit that AWS raises on request ends with `can be raised`. */
export const quotas = {
  httpApiRate: {
    what: 'HTTP API: requests/s of all APIs of an account in a region; can be raised',
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
    what: 'Lambda: concurrent sandboxes of an account in a region; can be raised far beyond that',
    value: 1000,
    source: docs('lambda/latest/dg/gettingstarted-limits.html'),
    known: 'AWS page, undated copy',
  },
  requestsEach: {
    what: 'Lambda: requests/s for each unit of that concurrency, even if requests are short',
    value: 10,
    source: docs('lambda/latest/dg/lambda-concurrency.html'),
    known: 'quoted, undated',
  },
  scalingRate: {
    what: 'Lambda: additional sandboxes of one function in 10 s',
    value: 1000,
    source: docs('lambda/latest/dg/scaling-behavior.html'),
    known: 'AWS page, undated copy',
  },
  interfaceConnections: {
    what: 'Lambda in a VPC: connections of one network interface; Lambda adds interfaces by itself',
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
    what: 'ElastiCache Serverless: ECPU/s of a hash slot, and of an empty cache; 90,000 if replicas may answer',
    value: 30_000,
    source: docs('AmazonElastiCache/latest/dg/Scaling.html'),
    known: 'AWS page, 2026-10-01',
  },
  doublingMinutes: {
    what: 'ElastiCache Serverless, Valkey 8 and later: minutes to double its capacity',
    value: 3,
    source: docs('AmazonElastiCache/latest/dg/Scaling.html'),
    known: 'AWS page, undated copy',
  },
  cacheGiB: {
    what: 'ElastiCache Serverless: GiB of a cache; a hash slot holds 32',
    value: 5000,
    source: docs('AmazonElastiCache/latest/dg/RedisConfiguration.html'),
    known: 'AWS page, 2026-10-01',
  },
  tableUnits: {
    what: 'DynamoDB: read units/s of an on-demand table, and as many write units/s; can be raised',
    value: 40_000,
    source: docs('amazondynamodb/latest/developerguide/ServiceQuotas.html'),
    known: 'AWS page, undated copy',
  },
  newTableReads: {
    what: 'DynamoDB: read units/s that a new on-demand table handles immediately; 4,000 write units/s',
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
    what: 'DynamoDB: write units/s of a partition, of a table or of an index',
    value: 1000,
    source: docs('amazondynamodb/latest/developerguide/warm-throughput-scenarios.html'),
    known: 'AWS page, undated copy',
  },
  collectionGB: {
    what: 'DynamoDB: GB of all items with one `pk`; items in the local index count again',
    value: 10,
    source: docs('amazondynamodb/latest/developerguide/LSI.html'),
    known: 'AWS page, undated copy',
  },
  lanes: {
    what: 'Lambda on a stream: concurrent batches of one shard, at most',
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
    what: 'Lambda: MB of a request or of an answer',
    value: 6,
    source: docs('lambda/latest/dg/gettingstarted-limits.html'),
    known: 'not verified',
  },
} as const
