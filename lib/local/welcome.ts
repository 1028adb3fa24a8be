import { relative } from 'node:path'
import sample from './sample.json' with { type: 'json' }
import { localDataDirectory } from './servers/dataDirectory.ts'
import type { Stack } from './stack.ts'

/** The price of the first sample product, in the currency's minor unit. */
const firstPrice = sample[0]?.price.amount ?? 0

/** Returns the lines to paste into another terminal: a read, a token, an update, and the variables that they need. */
export function welcome(
  { url, redisUrl, dynamodbEndpoint }: Stack,
  dataDirectory: string,
  env: NodeJS.ProcessEnv,
): string {
  const token = `${dataDirectoryVariable(dataDirectory)}npm run -s token -- --scope catalog:write`
  // A variable that is already set is left out: the user knows it, and it can hold a password.
  const variables = [
    ...(env.REDIS_URL || redisUrl === 'redis://127.0.0.1:6379' ? [] : [`REDIS_URL=${redisUrl}`]),
    ...(env.DYNAMODB_ENDPOINT || dynamodbEndpoint === 'http://127.0.0.1:8000'
      ? []
      : [`DYNAMODB_ENDPOINT=${dynamodbEndpoint}`]),
  ]
  // A merge patch leaves every other field unchanged.
  const lowerPrice = { price: { amount: firstPrice - 100 } }
  return [
    'Open the shop in a browser. The bar at the bottom of each page shows what the cache does:',
    `  ${url}/`,
    'Read a product. Cache-Status reports a miss the first time, and hits after that:',
    `  curl -i ${url}/products/1`,
    'Get a token and lower the price. The next read returns the new price:',
    `  TOKEN=$(${token})`,
    `  curl -i -X PATCH ${url}/products/1 -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/merge-patch+json' -d ${quoted(JSON.stringify(lowerPrice))}`,
    ...(variables.length > 0
      ? [
          "Set these variables before you run this project's other commands on the same servers:",
          `  export ${variables.join(' ')}`,
        ]
      : []),
  ].join('\n')
}

const dataDirectoryVariable = (directory: string): string =>
  directory === localDataDirectory({})
    ? ''
    : `AISLE_HOME=${quoted(relative('', directory).startsWith('..') ? directory : relative('', directory))} `

/** Quotes a text as one word of a POSIX shell. */
const quoted = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
