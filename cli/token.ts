import { parseArgs } from 'node:util'
import { localHome } from '../lib/local/servers/folder.ts'
import { signLocalToken, tokenKey } from '../lib/local/tokenKey.ts'
import { SetupError } from '../lib/project/setupError.ts'

const help = `Usage: npm run -s token -- [options]

Prints a token for the stack that npm start runs, and nothing else:
  TOKEN=$(npm run -s token -- --scope catalog:write)
  curl -H "Authorization: Bearer $TOKEN" ...

Options:
  --scope SCOPES   what it allows, separated by spaces  [default: catalog:write]
  --ttl TIME       how long it is valid: 90s, 15m, 1h, 7d  [default: 1h]
  --subject NAME   whom it stands for  [default: developer]
  --help           print this

Environment:
  AISLE_HOME       the folder with the signing key  [default: .aisle]

The key is made when there is none yet. Only the local stage trusts it.
`

/** Seconds of a time such as `15m`. */
function seconds(ttl: string): number {
  const [, count, unit] = /^(\d{1,6})([smhd])$/.exec(ttl) ?? []
  const length = { s: 1, m: 60, h: 3600, d: 86_400 }[unit ?? ''] ?? 0
  if (!Number(count) || !length)
    throw new SetupError(`--ttl ${ttl} is no time: use a number and s, m, h or d, as in 15m`)
  return Number(count) * length
}

try {
  const { values } = parseArgs({
    options: {
      scope: { type: 'string', default: 'catalog:write' },
      ttl: { type: 'string', default: '1h' },
      subject: { type: 'string', default: 'developer' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(help)
  } else {
    // RFC 6749, 3.3: printable ASCII but for space, quote and backslash.
    if (!/^[!#-[\]-~]+( [!#-[\]-~]+)*$/.test(values.scope))
      throw new SetupError('--scope holds names separated by one space, as in "catalog:write reviews:write"')
    const valid = seconds(values.ttl)
    const key = await tokenKey(localHome())
    const token = await signLocalToken(key, { scope: values.scope, seconds: valid, subject: values.subject })
    process.stdout.write(`${token}\n`)
  }
} catch (error) {
  const plain = error instanceof SetupError || (error instanceof TypeError && 'code' in error)
  if (!plain) throw error
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
}
