import { relative } from 'node:path'
import sample from './sample.json' with { type: 'json' }
import { localHome } from './servers/folder.ts'
import type { Stack } from './stack.ts'

/** Of the first sample product, in the currency's minor unit. */
const firstPrice = sample[0]?.price.amount ?? 0

/** The lines to paste into another terminal: a read, a token, an update; and what else has to be known there. */
export function welcome(
  { url, redisUrl, dynamodbEndpoint }: Stack,
  home: string,
  env: NodeJS.ProcessEnv,
): string {
  const token = `${homeVariable(home)}npm run -s token -- --scope catalog:write`
  // What the environment gave is known there already, and may hold a password.
  const moved = [
    ...(env.REDIS_URL || redisUrl === 'redis://127.0.0.1:6379' ? [] : [`REDIS_URL=${redisUrl}`]),
    ...(env.DYNAMODB_ENDPOINT || dynamodbEndpoint === 'http://127.0.0.1:8000'
      ? []
      : [`DYNAMODB_ENDPOINT=${dynamodbEndpoint}`]),
  ]
  // A merge patch: it leaves alone what it does not name.
  const lower = { price: { amount: firstPrice - 100 } }
  return [
    'Look at the shop, and open the bar at the foot of its pages to see the cache at work:',
    `  ${url}/`,
    'Read a product. The first time Cache-Status tells of a miss, then of hits:',
    `  curl -i ${url}/products/1`,
    'Get a token, and lower the price with it; the rest of the product stays. The next read is fresh:',
    `  TOKEN=$(${token})`,
    `  curl -i -X PATCH ${url}/products/1 -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/merge-patch+json' -d ${quoted(JSON.stringify(lower))}`,
    ...(moved.length > 0
      ? ['Other commands of this project find the same servers with:', `  export ${moved.join(' ')}`]
      : []),
  ].join('\n')
}

const homeVariable = (home: string): string =>
  home === localHome({})
    ? ''
    : `AISLE_HOME=${quoted(relative('', home).startsWith('..') ? home : relative('', home))} `

/** As one word for a POSIX shell. */
const quoted = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
