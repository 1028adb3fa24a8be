import { expect, test } from 'vitest'
import { createCacheAside } from '../../lib/cacheAside/index.ts'
import { freshCache, freshDatabase } from '../support/cache.ts'

const database = await freshDatabase()

/** Opens two caches with entries of the same ids: the text, and a page that shows it. */
async function openTextAndPage() {
  const { cache, redis, server } = await freshCache(database)
  const pages = createCacheAside<{ html: string }>({
    redis,
    name: 'page',
    load: async (id) => {
      const found = await database.read(id)
      return found && { value: { html: `<p>${found.value.text}` }, version: found.version }
    },
  })
  return { cache, pages, redis, server }
}

test('a write removes the entries of every cache in `also`, by one command', async () => {
  const { cache, pages, redis } = await openTextAndPage()
  await database.write('a', 'old')
  await cache.get('a')
  await pages.get('a')
  const before = await countCalls(redis, 'del')
  await cache.write('a', () => database.write('a', 'new'), { also: [pages] })
  expect((await countCalls(redis, 'del')) - before).toBe(1)
  expect((await cache.get('a')).body).toContain('new')
  expect((await pages.get('a')).body).toContain('new')
})

test('all entries of an id are in one slot of a cluster', async () => {
  const { cache, pages, redis } = await openTextAndPage()
  for (const id of ['1', 'a}b', '{x}', 'ü']) {
    const slots = await Promise.all(
      [cache, pages].map((each) => redis.call('CLUSTER', 'KEYSLOT', each.key(id)).catch(String)),
    )
    expect(slots[0]).toBe(slots[1])
  }
})

test('a write throws what its commit throws, but first removes the entries', async () => {
  const { cache } = await openTextAndPage()
  await database.write('b', 'old')
  await cache.get('b')
  const error = await cache
    .write('b', async () => {
      await database.write('b', 'new')
      throw new Error('timed out, but committed')
    })
    .catch((caught) => caught)
  expect(error.message).toBe('timed out, but committed')
  expect(error.invalidation).toBe('done')
  expect(await cache.get('b')).toMatchObject({ value: { text: 'new' }, status: { hit: false } })
})

test('the entry stays until the commit ends, and is gone when the write resolves', async () => {
  const { cache, redis } = await openTextAndPage()
  await database.write('c', 'old')
  await cache.get('c')
  const written = await cache.write('c', async () => {
    expect(await redis.exists(cache.key('c'))).toBe(1)
    return { ...(await database.write('c', 'new')), created: false }
  })
  expect(await redis.exists(cache.key('c'))).toBe(0)
  expect(written).toMatchObject({ value: { text: 'new' }, created: false, invalidation: 'done' })
})

test('an invalidation with a version spares an entry or a fill of at least that version', async () => {
  const { cache, redis } = await openTextAndPage()
  await database.write('d', '1')
  const { version } = await database.write('d', '2')
  await cache.get('d')
  await cache.invalidate('d', { version: version - 1 })
  await cache.invalidate('d', { version })
  expect((await cache.get('d')).status.hit).toBe(true)
  await cache.invalidate('d', { version: version + 1 })
  expect(await redis.exists(cache.key('d'))).toBe(0)

  /** Invalidates while a load is under way. Returns whether that load was stored. */
  const isStoredDespite = async (invalidation: { version?: number }) => {
    await cache.invalidate('d')
    const { reached, release } = database.holdNextRead()
    const slow = cache.get('d')
    await reached
    expect(await cache.invalidate('d', invalidation)).toBe('done')
    release()
    return (await slow).status.stored
  }
  expect(await isStoredDespite({ version })).toBe(true)
  expect(await isStoredDespite({ version: version + 1 })).toBeUndefined()
  // The lease has ended, so no caller waits for it.
  expect(await redis.exists(cache.key('d'))).toBe(0)
  expect(await isStoredDespite({})).toBeUndefined()
})

/** Returns how often Redis has run a command. */
async function countCalls(
  redis: { info(section: string): Promise<string> },
  command: string,
): Promise<number> {
  return Number(
    new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(await redis.info('commandstats'))?.[1] ?? 0,
  )
}

test.each<[string, unknown]>([
  ['is frozen', Object.freeze(new Error('frozen'))],
  ['has a read-only `invalidation`', Object.defineProperty(new Error('x'), 'invalidation', { get: () => 1 })],
  ['refuses new properties', new Proxy(new Error('x'), { set: () => false })],
  [
    'throws when a property is set',
    new Proxy(new Error('x'), {
      set: () => {
        throw new Error('no')
      },
    }),
  ],
  ['is only a text', 'a text'],
])('an error that %s is thrown unchanged', async (_, error) => {
  const { cache } = await openTextAndPage()
  const thrown = await cache.write('frozen', () => Promise.reject(error)).catch((each: unknown) => each)
  expect(thrown === error).toBe(true)
})
