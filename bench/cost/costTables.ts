import { change, percent, round, table, usd } from './markdown.ts'
import {
  type Bill,
  bill,
  breakEven,
  cachedGB,
  type Document,
  hoursPerMonth,
  month,
  page,
  product,
  readSide,
  request,
  secondsPerMonth,
  storage,
  total,
} from './model.ts'
import { cost, type Price, prices } from './prices.ts'
import { alarms, metricsOfRoute, routes } from './watched.ts'
import { hitRatio } from './zipf.ts'

export const hitRatios = [0, 0.5, 0.8, 0.9, 0.95, 0.99]
export const rates = [1, 100, 10_000]
/** What may be left of a month's provisioned reads, so that a wave does not throttle. */
const provisionedUse = 0.7
const catalogue = { s: 0.9 }

const perSecond = (rate: number) => `${round(rate)}/s`
const columns = ['no cache', ...hitRatios.map((ratio) => `hit ratio ${ratio}`)]

/** Each price with where it is from. */
export const priceTable = () =>
  [
    '| what | USD | per | as of | known from |',
    '|---|---:|---|---|---|',
    ...Object.values(prices).map(({ what, usd, per, source, date, known }: Price) => {
      const text =
        typeof usd === 'number'
          ? plain(usd)
          : usd.map(([to, each]) => `${plain(each)}${to < 1e9 ? ` to ${round(to)}` : ''}`).join(', ')
      return `| ${what} | ${text} | ${per} | ${date} | [${known}](${source}) |`
    }),
  ].join('\n')

const plain = (usd: number) => (usd < 0.001 ? usd.toFixed(10).replace(/0+$/, '') : String(usd))

/** What a million requests for a product cost, part by part. */
export function perMillion(): string {
  const bills = [undefined, ...hitRatios].map((ratio) => bill(1e6, product, ratio))
  const rows = (Object.keys(bills[0] as Bill) as (keyof Bill)[]).map((part) => [
    part,
    ...bills.map((each) => (each[part] === 0 ? '' : exactly(each[part]))),
  ])
  return table(
    ['a million requests', ...columns],
    [...rows, ['**sum**', ...bills.map((each) => `**${exactly(total(each))}**`)]],
  )
}

const exactly = (value: number) => `$${value.toFixed(3)}`

/** What a month costs at each rate. */
export function perMonth(document: Document): string {
  const without = rates.map((rate) => month(rate, document, undefined).total)
  return table(
    [`${document.name}, a month at`, ...rates.map(perSecond)],
    [
      ['no cache', ...without.map(usd)],
      ...hitRatios.map((ratio) => [
        `hit ratio ${ratio}`,
        ...rates.map((rate, at) => {
          const { total } = month(rate, document, ratio)
          return `${usd(total)} (${change(total - (without[at] ?? 0))})`
        }),
      ]),
    ],
  )
}

/** Of which parts a month at the highest rate consists. */
export function parts(): string {
  const ratio = 0.9
  const rows = rates.map((rate) => {
    const { parts, stored } = month(rate, product, ratio)
    return [perSecond(rate), ...Object.values(parts).map(usd), usd(stored)]
  })
  return table(['a month at', ...Object.keys(month(1, product, ratio).parts), 'cache, storage'], rows)
}

/** From which rate on the cache pays. */
export const breakEvens = () =>
  table(
    ['pays from', ...hitRatios.map((ratio) => `hit ratio ${ratio}`)],
    [product, page].map((document) => [
      document.name,
      ...hitRatios.map((ratio) => {
        const rate = breakEven(document, ratio)
        return rate === undefined ? 'never' : perSecond(rate)
      }),
    ]),
  )

/** Which hit ratio is to be expected, and what the cache then costs or saves. */
export const expected = () =>
  table(
    ['products', ...rates.map(perSecond)],
    [1e3, 1e4, 1e5, 1e6, 1e7].map((products) => [
      round(products),
      ...rates.map((rate) => {
        const ratio = hitRatio({ products, ...catalogue }, rate, request.ttl)
        const saved = readSide(rate, product, ratio) - readSide(rate, product, undefined)
        return `${percent(ratio)} (${change(saved)})`
      }),
    ]),
  )

/** CloudFront in front, with and without the cache behind it. */
export function cdn(): string {
  const answers = 1e6
  const gb = (answers * request.answerKB) / 1e6
  const edge = cost('cdnRequest', 1) + cost('cdnOut', gb)
  const origins = [undefined, 0.8].map((ratio) => total(bill(answers, product, ratio)))
  const direct = cost('out', gb)
  const rows = [0, 0.5, 0.8, 0.9, 0.99].map((atTheEdge) => [
    `CloudFront answers ${percent(atTheEdge)}`,
    ...origins.map((origin) => usd(edge + (1 - atTheEdge) * origin)),
  ])
  return table(
    ['a million answers', 'no cache', 'cache, hit ratio 0.8'],
    [['no CloudFront', ...origins.map((origin) => usd(origin + direct))], ...rows],
  )
}

/** The other ways to read, without what is the same for all. */
export function alternatives(): string {
  const ratio = 0.9
  const millions = (rate: number) => (rate * secondsPerMonth) / 1e6
  const onDemand = (rate: number, units: number) => cost('read', millions(rate) * units)
  const provisioned = (rate: number) =>
    cost('provisionedRead', Math.ceil(rate / provisionedUse) * hoursPerMonth)
  const ecpus = (rate: number) => month(rate, product, ratio).parts['cache, ECPUs']
  const misses = (rate: number, units: number) => onDemand(rate, (1 - ratio) * units)
  const rows: [string, (rate: number) => number][] = [
    ['no cache, on demand, consistent', (rate) => onDemand(rate, 1)],
    ['no cache, on demand, eventually consistent', (rate) => onDemand(rate, 0.5)],
    ['no cache, provisioned and steady, consistent', provisioned],
    [
      'this design: ElastiCache Serverless',
      (rate) => misses(rate, 1) + ecpus(rate) + storage(cachedGB(rate, product, ratio)),
    ],
    ['two nodes cache.t4g.small', (rate) => misses(rate, 1) + 2 * cost('smallNode', hoursPerMonth)],
    ['two nodes cache.r7g.large', (rate) => misses(rate, 1) + 2 * cost('largeNode', hoursPerMonth)],
    ['DAX, three nodes dax.t3.small', (rate) => misses(rate, 0.5) + 3 * cost('dax', hoursPerMonth)],
  ]
  return table(
    ['reads of a product, a month at', ...rates.map(perSecond)],
    rows.map(([what, price]) => [what, ...rates.map((rate) => usd(price(rate)))]),
  )
}

/** What a million writes add. */
export function writes(): string {
  const item = 3
  return table(
    ['a million updates of a product of 2.5 KB', 'USD'],
    [
      ['HTTP API', exactly(cost('httpApi', 1))],
      ['Lambda, requests: the authorizer and the handler', exactly(cost('lambdaRequest', 2))],
      ['DynamoDB, the read before the write', exactly(cost('read', 1))],
      [`DynamoDB, the conditional put, ${item} units`, exactly(cost('write', item))],
      ['the removal of three entries, one DEL', exactly(cost('ecpu', 3))],
      ['Lambda for the stream, ten records at a time', exactly(cost('lambdaRequest', 0.1))],
    ],
  )
}

/** What does not depend on requests. */
export function fixed(): string {
  const products = 1e6
  const gb = (products * 2.5) / 1e6
  return table(
    ['a month', 'USD'],
    [
      [
        `metrics: ${routes} routes, about ${metricsOfRoute} each while they are asked for`,
        usd(cost('metric', routes * metricsOfRoute)),
      ],
      [
        `${alarms.count} alarms, which look at ${alarms.metrics} metrics; only where \`watched\` is \`yes\``,
        usd(cost('alarm', alarms.metrics)),
      ],
      [
        `${round(products)} products stored, with point-in-time recovery`,
        usd(cost('table', gb) + cost('recovery', gb)),
      ],
      ['the cache, empty', usd(storage(0))],
      ['the VPC: private subnets, a gateway endpoint for DynamoDB, no NAT', usd(0)],
    ],
  )
}

/** The sentences that hold figures. */
export function inShort(): string {
  const at = (rate: number, ratio: number) =>
    readSide(rate, product, ratio) - readSide(rate, product, undefined)
  const all = bill(1e6, product, undefined)
  const pays = breakEven(product, 0.9) ?? Number.NaN
  const gb = (1e6 * request.answerKB) / 1e6
  const edge =
    (cost('cdnRequest', 1) + cost('cdnOut', gb) - cost('out', gb)) / total(bill(1e6, product, undefined))
  const between = (1e6 * product.kB * cost('betweenZones', 2) * 0.5) / 1e6
  const big = month(10_000, product, 0.9).parts
  const proofs = (1_000 * secondsPerMonth) / request.proofEvery
  return [
    `- A million requests cost about ${usd(total(all))}, of which reading DynamoDB is ${usd(all['DynamoDB, reads'])}. That and some of Lambda's time is all that a cache can save.`,
    `- The cache costs at least ${usd(storage(0))} a month. At a hit ratio of 0.9 it pays from ${perSecond(pays)} on for products, and from ${perSecond(breakEven(page, 0.9) ?? Number.NaN)} on for product pages, which cost ${page.readUnits} read units to compose.`,
    `- At 1/s it is a loss of ${usd(at(1, 0.9))} a month, at 100/s a gain of ${usd(-at(100, 0.9))}, at 10,000/s a gain of ${usd(-at(10_000, 0.9))}, of ${usd(month(10_000, product, undefined).total)} in all.`,
    `- The logs are ${percent(all.logs / total(all))} of a million requests: at 10,000/s ${usd(big.logs)} a month, where DynamoDB without any cache costs ${usd(month(10_000, product, undefined).parts['DynamoDB, reads'])}.`,
    `- CloudFront saves more than Redis, since it also spares the HTTP API, Lambda and the logs: from ${percent(edge)} answered at the edge it pays for itself.`,
    `- Not in the tables: if data between zones is billed, half of the hits cross, and a million hits cost ${usd(between)} more, which is ${percent(between / all['DynamoDB, reads'])} of what they save in reads.`,
    `- Not in the tables: a sandbox that only reads proves every ${request.proofEvery} s that its cache takes removals, by a \`DEL\` beside a read. A thousand of them that are busy all month do so ${round(proofs)} times, for ${usd(cost('ecpu', proofs / 1e6))}; in a quiet shop, where a sandbox reads less often than that, each read is one ECPU dearer.`,
  ].join('\n')
}
