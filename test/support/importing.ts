import { spawn } from 'node:child_process'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { type DynamoDBDocumentClient, ScanCommand } from '@aws-sdk/lib-dynamodb'
import { expect, onTestFinished } from 'vitest'
import { parseProduct, parseReviews, upsertProduct } from '../../lib/catalog/writes.ts'
import { type ImportOptions, importCatalogue } from '../../lib/import/importCatalogue.ts'
import type { Reject } from '../../lib/import/report.ts'

/** A product in Aisle's own format. */
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

/** Imports `content` from a stream of chunks of `chunkSize` bytes. */
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

/**
 * Adds a review and a reply to it to a stored product, as an import does: it accepts authors whom a post refuses.
 *
 * @param product the content of the stored product
 */
export async function importThread(
  { db, table }: { db: DynamoDBDocumentClient; table: string },
  id: string,
  product: object,
  { title, body, author }: { title: string; body: string; author: string },
): Promise<void> {
  const { content } = parseProduct(product)
  const root = review(0, { id: 'root', title, body, author })
  const reply = review(1, { id: 'reply', parentId: 'root', rating: undefined, body, author })
  const upserted = await upsertProduct(
    { db, table },
    { id, content, reviews: parseReviews(id, [root, reply]) },
  )
  expect(upserted.reviewsAdded).toBe(2)
}

/** Reads every item of a table. The keys of the map are `pk sk`. */
export async function allItems(db: DynamoDBDocumentClient, table: string) {
  const items = new Map<string, Record<string, unknown>>()
  let startKey: Record<string, unknown> | undefined
  do {
    const page = await db.send(
      new ScanCommand({
        TableName: table,
        ConsistentRead: true,
        ...(startKey && { ExclusiveStartKey: startKey }),
      }),
    )
    for (const item of page.Items ?? []) items.set(`${item.pk} ${item.sk}`, item)
    startKey = page.LastEvaluatedKey
  } while (startKey)
  return items
}

/** Returns the items, ordered by key, without the attributes that differ between two runs with the same result. */
export const withoutTimes = (items: Map<string, Record<string, unknown>>) =>
  [...items.keys()].sort().map((key) => {
    const { version, writeId, updatedAt, ...rest } = items.get(key) ?? {}
    return rest
  })

/** Wraps a client so that `around` is called for each command instead of `send`. */
export const interceptSend = (
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

/** Starts the real command, `npm run import -- ...args`. It is killed when the test ends. */
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
