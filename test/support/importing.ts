import { spawn } from 'node:child_process'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { type DynamoDBDocumentClient, ScanCommand } from '@aws-sdk/lib-dynamodb'
import { onTestFinished } from 'vitest'
import type { Reject } from '../../lib/import/report.ts'
import { type ImportOptions, importCatalogue } from '../../lib/import/run.ts'

/** A product in Aisle's own shape. */
export const mug = (id: string, changes: object = {}) => ({
  id,
  title: `Mug ${id}`,
  category: 'kitchen/mugs',
  price: { amount: 1290, currency: 'EUR' },
  createdAt: '2026-01-01T00:00:00.000Z',
  ...changes,
})

export const review = (n: number, changes: object = {}) => ({
  rating: 1 + (n % 5),
  body: `Review ${n}`,
  author: `Customer ${n}`,
  createdAt: '2026-01-02T03:04:05.000Z',
  ...changes,
})

export const ndjson = (rows: unknown[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('')

/** Imports what `content` holds; handed over in chunks of `chunkSize` bytes. */
export async function importText(
  content: string | Buffer,
  { chunkSize = 65_536, ...options }: Omit<ImportOptions, 'source'> & { chunkSize?: number } = {},
) {
  const bytes = Buffer.from(content as string)
  const chunks = Array.from({ length: Math.ceil(bytes.length / chunkSize) }, (_, n) =>
    bytes.subarray(n * chunkSize, (n + 1) * chunkSize),
  )
  const rejects: Reject[] = []
  const onReject = (reject: Reject) => void rejects.push(reject)
  const source = Readable.from(chunks, { objectMode: false })
  return { report: await importCatalogue({ onReject, ...options, source }), rejects }
}

/** Every item of a table, by its key. */
export async function allItems(db: DynamoDBDocumentClient, table: string) {
  const items = new Map<string, Record<string, unknown>>()
  let from: Record<string, unknown> | undefined
  do {
    const page = await db.send(
      new ScanCommand({ TableName: table, ConsistentRead: true, ...(from && { ExclusiveStartKey: from }) }),
    )
    for (const item of page.Items ?? []) items.set(`${item.pk} ${item.sk}`, item)
    from = page.LastEvaluatedKey
  } while (from)
  return items
}

/** The items without what differs between two runs that end in the same state, in the order of their keys. */
export const timeless = (items: Map<string, Record<string, unknown>>) =>
  [...items.keys()].sort().map((key) => {
    const { version, writeId, updatedAt, ...rest } = items.get(key) ?? {}
    return rest
  })

/** The real client, with `around` between it and whoever sends. */
export const wrapped = (
  db: DynamoDBDocumentClient,
  around: (
    command: { input: object; constructor: { name: string } },
    send: () => Promise<unknown>,
  ) => Promise<unknown>,
): DynamoDBDocumentClient =>
  new Proxy(db, {
    get: (target, key) =>
      key === 'send'
        ? (command: Parameters<typeof db.send>[0]) => around(command, () => target.send(command))
        : Reflect.get(target, key),
  })

/** The real command: `npm run import -- ...args`. */
export function startImport(
  args: string[],
  { input, env = {} }: { input?: string; env?: NodeJS.ProcessEnv } = {},
) {
  const child = spawn(process.execPath, ['cli/import.ts', ...args], { env: { ...process.env, ...env } })
  onTestFinished(() => void child.kill('SIGKILL'))
  child.stdin.on('error', () => {})
  if (input !== undefined) child.stdin.end(input)
  const done = Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve) => child.once('exit', resolve)),
  ]).then(([out, err, code]) => ({ out, err, code }))
  return { child, done }
}
