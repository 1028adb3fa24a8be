import { execFile } from 'node:child_process'
import { isDeepStrictEqual, promisify } from 'node:util'
import { ScanCommand } from '@aws-sdk/lib-dynamodb'
import { expect, test } from 'vitest'
import { connectLocal } from '../../lib/local/servers/client.ts'
import { projectFolder } from '../../lib/project/folder.ts'
import { ownEnv, runCommand } from '../support/cli.ts'
import { blocksOf } from '../support/readme.ts'

/** What differs in an item with each write, whatever it says. */
const ofEachWrite = ['updatedAt', 'version', 'writeId']

/** The documented commands that write to the catalogue, and what each changes of product 1. */
const documented = [
  { command: /-X PATCH/, having: 'Brand new', changes: ['title'] },
  { command: /-X PATCH/, having: 'Newer', changes: ['title'] },
  { command: /run -s import/, changes: undefined },
]

/** The buttons of the inspector, and what each changes of product 2, which has variants. */
const prices = ['price.amount', ...[0, 1, 2].map((n) => `variants.${n}.price.amount`)]
const buttons = {
  ...{ update: [...prices, ...ofEachWrite], edit: prices },
  ...{ expire: [], flush: [], burst: [], redisOff: [], redisOn: [] },
}

type Item = Record<string, unknown>

/** Where two values differ: dotted paths, sorted. */
function differences(a: unknown, b: unknown, path: string[] = []): string[] {
  if (isDeepStrictEqual(a, b)) return []
  if (!isObject(a) || !isObject(b)) return [path.join('.')]
  const names = new Set([...Object.keys(a), ...Object.keys(b)])
  return [...names].flatMap((name) => differences(a[name], b[name], [...path, name])).sort()
}

const isObject = (value: unknown): value is Item => typeof value === 'object' && value !== null

test('a command that is printed or documented, and a button, changes what it says and nothing else', async () => {
  const own = await ownEnv()
  const start = runCommand('npm', ['start'], own)
  await start.printed(/Ctrl-C stops/)
  const url = `http://127.0.0.1:${own.PORT}`
  const db = connectLocal(`http://127.0.0.1:${own.AISLE_DYNAMODB_PORT}`)

  /** Products and reviews, all that is said of them, by their keys. */
  const catalogue = async () => {
    const { Items = [] } = await db.send(new ScanCommand({ TableName: 'aisle-local' }))
    const kept = Items.filter(({ pk, sk }) => pk.startsWith('PRODUCT#') && /^(PRODUCT$|REVIEW#)/.test(sk))
    return Object.fromEntries(kept.map((item): [string, Item] => [`${item.pk} ${item.sk}`, item]))
  }
  /** What became of the catalogue: which fields of which item. */
  const changesBy = async (work: () => Promise<unknown>) => {
    const before = await catalogue()
    await work()
    const after = await catalogue()
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
    const options = { cwd: projectFolder, env, timeout: 30_000 }
    return (await promisify(execFile)('bash', ['-c', `set -o pipefail\n${script}`], options)).stdout
  }

  // What npm start prints: every line that is a command, in its order, in one shell.
  const printed = [...start.out().matchAll(/^ {2}((?:curl|TOKEN=|export) ?.*)$/gm)].map(
    ([, line = '']) => line,
  )
  expect(printed.map((line) => line.split(' ', 1)[0]?.replace(/\$.*/, ''))).toEqual([
    ...['curl', 'TOKEN=', 'curl', 'export'],
  ])
  let answered = ''
  const byPrinted = await changesBy(async () => {
    answered = await shell(printed.join('\n'))
  })
  expect(answered.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 200'])
  expect(byPrinted).toEqual({ 'PRODUCT#1 PRODUCT': ['price.amount', ...ofEachWrite] })

  // What the documentation shows.
  const shown = blocksOf('console').concat(blocksOf('console', 'docs/import.md')).join('')
  const commands = [...shown.matchAll(/^\$ (.*)$/gm)].map(([, line = '']) => line)
  const token = commands.find((line) => line.startsWith('TOKEN=')) ?? ''
  const writing = commands.filter((line) => /-X |import/.test(line))
  expect(writing.length).toBe(documented.length)
  for (const [index, { command, having, changes }] of documented.entries()) {
    const line = writing[index] ?? ''
    expect(line).toMatch(command)
    if (having !== undefined) expect(line).toContain(having)
    const done = await changesBy(() => shell(`${token}\n${line}`))
    if (changes) expect(done, line).toEqual({ 'PRODUCT#1 PRODUCT': [...changes, ...ofEachWrite] })
    else expect(Object.keys(done), line).toEqual(['PRODUCT#mug PRODUCT'])
  }

  // What the inspector's buttons do.
  for (const [action, changes] of Object.entries(buttons)) {
    const done = await changesBy(async () => {
      const headers = { 'x-inspector': '1' }
      const pressed = await fetch(`${url}/inspector/${action}?id=2`, { method: 'POST', headers })
      const said = await pressed.text()
      expect(pressed.status, said).toBe(200)
      // What is edited behind the cache's back is seen by the delivery of the stream alone.
      if (action === 'edit') expect(said).toMatch(/It was read \d+ ms later/)
    })
    expect(done, action).toEqual(changes.length === 0 ? {} : { 'PRODUCT#2 PRODUCT': changes.toSorted() })
  }
  db.destroy()
}, 120_000)
