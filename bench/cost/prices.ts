/**
 * A price of AWS in us-east-1 (N. Virginia), USD, without tax, free tiers and discounts. After a change, run
 * `node bench/cost.ts --write`, which computes every figure in docs/cost.md again.
 */
export interface Price {
  what: string
  /** The unit of the price, for example `million` or `GB`. */
  per: string
  /** One price, or the price of each tier of a month: `[up to this amount, price]`. */
  usd: number | readonly (readonly [upTo: number, usd: number])[]
  source: string
  /** The date of the price. */
  date: string
  /**
   * The kind of source. `price list`: others quote it from AWS's Price List API of that date. `AWS page`: from a copy of
   * AWS's own page. `quoted`: others quote AWS, or the linked page does. `assumed`: no source was found.
   */
  known: 'price list' | 'AWS page' | 'quoted' | 'assumed'
}

const pricing = (service: string) => `https://aws.amazon.com/${service}/pricing/`

export const prices = {
  httpApi: {
    what: 'HTTP API, requests of up to 512 KB',
    per: 'million',
    usd: [
      [300, 1],
      [Number.POSITIVE_INFINITY, 0.9],
    ],
    source: pricing('api-gateway'),
    date: '2026-09-21',
    known: 'price list',
  },
  lambdaRequest: {
    what: 'Lambda, requests',
    per: 'million',
    usd: 0.2,
    source: pricing('lambda'),
    date: '2026-09-13',
    known: 'price list',
  },
  lambdaTime: {
    what: 'Lambda on arm64, memory times duration',
    per: 'GB-s',
    usd: 0.0000133334,
    source: pricing('lambda'),
    date: '2026-09-13',
    known: 'price list',
  },
  read: {
    what: 'DynamoDB on demand, read request units',
    per: 'million',
    usd: 0.125,
    source: pricing('dynamodb'),
    date: '2026-09-13',
    known: 'price list',
  },
  write: {
    what: 'DynamoDB on demand, write request units',
    per: 'million',
    usd: 0.625,
    source: pricing('dynamodb'),
    date: '2026-09-13',
    known: 'price list',
  },
  provisionedRead: {
    what: 'DynamoDB provisioned, read capacity unit',
    per: 'hour',
    usd: 0.00013,
    source: pricing('dynamodb'),
    date: '2026-06',
    known: 'quoted',
  },
  table: {
    what: 'DynamoDB, data stored',
    per: 'GB-month',
    usd: 0.25,
    source: pricing('dynamodb'),
    date: '2026-06',
    known: 'quoted',
  },
  recovery: {
    what: 'DynamoDB, point-in-time recovery',
    per: 'GB-month',
    usd: 0.2,
    source: pricing('dynamodb'),
    date: '2026',
    known: 'quoted',
  },
  cacheStorage: {
    what: 'ElastiCache Serverless for Valkey, data stored, at least 0.1 GB',
    per: 'GB-hour',
    usd: 0.084,
    source: pricing('elasticache'),
    date: '2026-07-29',
    known: 'quoted',
  },
  ecpu: {
    what: 'ElastiCache Serverless for Valkey, ECPUs',
    per: 'million',
    usd: 0.0023,
    source: pricing('elasticache'),
    date: '2026-07-29',
    known: 'quoted',
  },
  smallNode: {
    what: 'ElastiCache node cache.t4g.small, Valkey',
    per: 'hour',
    usd: 0.0256,
    source: pricing('elasticache'),
    date: '2026-08',
    known: 'quoted',
  },
  largeNode: {
    what: 'ElastiCache node cache.r7g.large, Valkey',
    per: 'hour',
    usd: 0.1752,
    source: pricing('elasticache'),
    date: '2026-08',
    known: 'quoted',
  },
  dax: {
    what: 'DAX node dax.t3.small',
    per: 'hour',
    usd: 0.04,
    source: 'https://www.usage.ai/blog/aws-reserved-instances-dynamodb-dax-pricing',
    date: '2026-04',
    known: 'quoted',
  },
  lambdaLogs: {
    what: 'CloudWatch Logs, from Lambda',
    per: 'GB',
    usd: [
      [10_000, 0.5],
      [30_000, 0.25],
      [50_000, 0.1],
      [Number.POSITIVE_INFINITY, 0.05],
    ],
    source: 'https://www.duckbillgroup.com/?p=9080',
    date: '2025-05-01',
    known: 'quoted',
  },
  accessLogs: {
    what: 'CloudWatch Logs, from API Gateway',
    per: 'GB',
    usd: 0.5,
    source: pricing('cloudwatch'),
    date: '',
    known: 'assumed',
  },
  metric: {
    what: 'CloudWatch, a custom metric',
    per: 'month',
    usd: 0.3,
    source: pricing('cloudwatch'),
    date: '',
    known: 'assumed',
  },
  alarm: {
    what: 'CloudWatch, an alarm',
    per: 'month',
    usd: 0.1,
    source: pricing('cloudwatch'),
    date: '2026-08-01',
    known: 'quoted',
  },
  cdnRequest: {
    what: 'CloudFront, HTTPS requests from North America',
    per: 'million',
    usd: 1,
    source: pricing('cloudfront'),
    date: '2019-12-01',
    known: 'price list',
  },
  cdnOut: {
    what: 'CloudFront, data to North America and Europe',
    per: 'GB',
    usd: [
      [10_000, 0.085],
      [50_000, 0.08],
      [150_000, 0.06],
      [500_000, 0.04],
      [1_024_000, 0.03],
      [5_000_000, 0.025],
      [Number.POSITIVE_INFINITY, 0.02],
    ],
    source: pricing('cloudfront'),
    date: 'undated',
    known: 'AWS page',
  },
  out: {
    what: 'Data from the region to the internet, without CloudFront',
    per: 'GB',
    usd: 0.09,
    source: 'https://awsforengineers.com/blog/aws-api-gateway-pricing-explained',
    date: '2025-05-19',
    known: 'quoted',
  },
  betweenZones: {
    what: 'Data between two zones, each way',
    per: 'GB',
    usd: 0.01,
    source: 'https://aws.amazon.com/ec2/pricing/on-demand/',
    date: '',
    known: 'assumed',
  },
} as const satisfies Record<string, Price>

export type PriceName = keyof typeof prices

/** Returns the cost of a month's `amount`, USD. The amount is in the unit of the price. */
export function cost(name: PriceName, amount: number): number {
  const { usd }: Price = prices[name]
  if (typeof usd === 'number') return amount * usd
  let sum = 0
  let from = 0
  for (const [upTo, each] of usd) {
    sum += Math.max(0, Math.min(amount, upTo) - from) * each
    from = upTo
  }
  return sum
}
