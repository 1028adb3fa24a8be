import { execFile } from 'node:child_process'
import { isDeepStrictEqual, promisify } from 'node:util'
import { ScanCommand } from '@aws-sdk/lib-dynamodb'
import { expect, test } from 'vitest'
import { connectLocal } from '../../lib/local/servers/client.ts'
import { freePort } from '../../lib/local/servers/ports.ts'
import { signLocalToken, tokenKey } from '../../lib/local/tokenKey.ts'
import { projectDirectory } from '../../lib/project/projectDirectory.ts'
import { isolatedEnv, runCommand } from '../support/cli.ts'
import { codeBlocks } from '../support/readme.ts'

/** The fields of an item that every write changes. */
const changedByEachWrite = ['updatedAt', 'version', 'writeId']

/** The documented commands that write to the catalogue, and the fields of product 1 that each changes. */
const documented = [
  { command: /-X PATCH/, containing: 'Brand new', changes: ['title'] },
  { command: /-X PATCH/, containing: 'Newer', changes: ['title'] },
  { command: /run -s import/, changes: undefined },
]

/** The buttons of the inspector, and the fields that each changes of product 2, which has variants. */
const prices = ['price.amount', ...[0, 1, 2].map((n) => `variants.${n}.price.amount`)]
const buttons = {
  ...{ update: [...prices, ...changedByEachWrite], edit: prices },
  ...{ expire: [], flush: [], burst: [], redisOff: [], redisOn: [] },
}

type Item = Record<string, unknown>

/** Returns where two values differ, as sorted dotted paths. */
function differences(a: unknown, b: unknown, path: string[] = []): string[] {
  if (isDeepStrictEqual(a, b)) return []
  if (!isObject(a) || !isObject(b)) return [path.join('.')]
  const names = new Set([...Object.keys(a), ...Object.keys(b)])
  return [...names].flatMap((name) => differences(a[name], b[name], [...path, name])).sort()
}

const isObject = (value: unknown): value is Item => typeof value === 'object' && value !== null

test('each printed command, each documented command and each button changes what it says and nothing else, and a command that fails prints why', async () => {
  const own = await isolatedEnv()
  const start = runCommand('npm', ['start'], own)
  await start.waitForOutput(/Ctrl-C stops/)
  const url = `http://127.0.0.1:${own.PORT}`
  const db = connectLocal(`http://127.0.0.1:${own.AISLE_DYNAMODB_PORT}`)

  /** Reads all products and reviews with all their fields, by their keys. */
  const readCatalogue = async () => {
    const { Items = [] } = await db.send(new ScanCommand({ TableName: 'aisle-local' }))
    const catalogueItems = Items.filter(
      ({ pk, sk }) => pk.startsWith('PRODUCT#') && /^(PRODUCT$|REVIEW#)/.test(sk),
    )
    return Object.fromEntries(catalogueItems.map((item): [string, Item] => [`${item.pk} ${item.sk}`, item]))
  }
  /** Returns what some work changes in the catalogue: which fields of which item. */
  const changesBy = async (work: () => Promise<unknown>) => {
    const before = await readCatalogue()
    await work()
    const after = await readCatalogue()
    const keys = new Set([...Object.keys(before), ...Object.keys(after)])
    const changed = [...keys].filter((key) => !isDeepStrictEqual(before[key], after[key]))
    return Object.fromEntries(changed.map((key) => [key, differences(before[key] ?? {}, after[key] ?? {})]))
  }
  const shell = async (command: string) => {
    const env = {
      ...process.env,
      AISLE_HOME: own.AISLE_HOME,
      REDIS_URL: `redis://127.0.0.1:${own.AISLE_REDIS_PORT}`,
      DYNAMODB_ENDPOINT: `http://127.0.0.1:${own.AISLE_DYNAMODB_PORT}`,
    }
    const script = command.replaceAll('127.0.0.1:3000', `127.0.0.1:${own.PORT}`)
    const options = { cwd: projectDirectory, env, timeout: 30_000 }
    return (await promisify(execFile)('bash', ['-c', `set -o pipefail\n${script}`], options)).stdout
  }

  // Run every command that npm start prints, in order, in one shell.
  const printed = [...start.out().matchAll(/^ {2}((?:curl|TOKEN=|export) ?.*)$/gm)].map(
    ([, line = '']) => line,
  )
  expect(printed.map((line) => line.split(' ', 1)[0]?.replace(/\$.*/, ''))).toEqual([
    ...['curl', 'TOKEN=', 'curl', 'export'],
  ])
  let output = ''
  const byPrinted = await changesBy(async () => {
    output = await shell(printed.join('\n'))
  })
  expect(output.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 200'])
  expect(byPrinted).toEqual({ 'PRODUCT#1 PRODUCT': ['price.amount', ...changedByEachWrite] })

  // Run the commands of the documentation.
  const documentation = codeBlocks('console').concat(codeBlocks('console', 'docs/import.md')).join('')
  const commands = [...documentation.matchAll(/^\$ (.*)$/gm)].map(([, line = '']) => line)
  const token = commands.find((line) => line.startsWith('TOKEN=')) ?? ''
  const writing = commands.filter((line) => /-X |import/.test(line))
  expect(writing.length).toBe(documented.length)
  for (const [index, { command, containing, changes }] of documented.entries()) {
    const line = writing[index] ?? ''
    expect(line).toMatch(command)
    if (containing !== undefined) expect(line).toContain(containing)
    const done = await changesBy(() => shell(`${token}\n${line}`))
    if (changes) expect(done, line).toEqual({ 'PRODUCT#1 PRODUCT': [...changes, ...changedByEachWrite] })
    else expect(Object.keys(done), line).toEqual(['PRODUCT#mug PRODUCT'])
  }

  // Run them with an expired token, and where no catalogue listens.
  const expired = await signLocalToken(await tokenKey(own.AISLE_HOME), {
    ...{ scope: 'catalog:write', seconds: -60, subject: 'test', name: 'Test' },
  })
  const curls = commands
    .filter((line) => /\bcurl /.test(line))
    .map((line) => line.replace(/^sleep \d+; /, ''))
  expect(curls.length).toBe(7)
  const elsewhere = await freePort()
  for (const line of curls) {
    if (line.includes('$TOKEN'))
      expect(await shell(`TOKEN=${expired}\n${line}`), line).toContain('The token has expired')
    const moved = line.replace('127.0.0.1:3000', `127.0.0.1:${elsewhere}`)
    expect(await shell(`{ ${moved.replace(/;? *$/, '')}; } 2>&1 || true`), line).toContain(
      `port ${elsewhere}`,
    )
  }

  // Press the buttons of the inspector.
  for (const [action, changes] of Object.entries(buttons)) {
    const done = await changesBy(async () => {
      const headers = { 'x-inspector': '1' }
      const response = await fetch(`${url}/inspector/${action}?id=2`, { method: 'POST', headers })
      const text = await response.text()
      expect(response.status, text).toBe(200)
      // Only the stream tells the cache about a direct edit of the table.
      if (action === 'edit') expect(text).toMatch(/Readers saw the new price after \d+ ms/)
    })
    expect(done, action).toEqual(changes.length === 0 ? {} : { 'PRODUCT#2 PRODUCT': changes.toSorted() })
  }
  db.destroy()
}, 120_000)
