import { parseArgs } from 'node:util'
import { localDataDirectory } from '../lib/local/servers/dataDirectory.ts'
import { signLocalToken, tokenKey } from '../lib/local/tokenKey.ts'
import { runMain } from '../lib/project/runMain.ts'
import { SetupError } from '../lib/project/setupError.ts'

const help = `Usage: npm run -s token -- [options]

Prints a token for the stack that npm start runs, and nothing else:
  TOKEN=$(npm run -s token -- --scope catalog:write)
  curl -H "Authorization: Bearer $TOKEN" ...

Options:
  --scope SCOPES   what the token allows, separated by spaces  [default: catalog:write]
  --ttl TIME       how long the token is valid: 90s, 15m, 1h, 7d  [default: 1h]
  --subject NAME   the user in the token's claim "sub"  [default: developer]
  --name NAME      the user's name in the claim "name", which a review shows as its author  [default: Developer]
  --help           print this help

Environment:
  AISLE_HOME       the directory with the signing key  [default: .aisle]

Creates the key if there is none. Only the local stage trusts it.
`

/** Parses a time such as `15m` to seconds. */
function parseSeconds(ttl: string): number {
  const [, count, unit] = /^(\d{1,6})([smhd])$/.exec(ttl) ?? []
  const length = { s: 1, m: 60, h: 3600, d: 86_400 }[unit ?? ''] ?? 0
  if (!Number(count) || !length)
    throw new SetupError(`--ttl ${ttl} is not a time: use a number with s, m, h or d, such as 15m`)
  return Number(count) * length
}

async function main(): Promise<undefined> {
  const { values } = parseArgs({
    options: {
      scope: { type: 'string', default: 'catalog:write' },
      ttl: { type: 'string', default: '1h' },
      subject: { type: 'string', default: 'developer' },
      name: { type: 'string', default: 'Developer' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(help)
    return undefined
  }
  // RFC 6749, section 3.3: printable ASCII without space, quote and backslash.
  if (!/^[!#-[\]-~]+( [!#-[\]-~]+)*$/.test(values.scope))
    throw new SetupError(
      '--scope must be names separated by single spaces, such as "catalog:write reviews:write"',
    )
  const seconds = parseSeconds(values.ttl)
  const key = await tokenKey(localDataDirectory())
  const { scope, subject, name } = values
  const token = await signLocalToken(key, { scope, seconds, subject, name })
  process.stdout.write(`${token}\n`)
  return undefined
}

await runMain(main)
