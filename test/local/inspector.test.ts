import { beforeEach, describe, expect, test } from 'vitest'
import { startInspector } from '../support/inspector.ts'

const { client, patch, press, read, readState, recorded, redisSwitch, reset } = await startInspector([
  'a',
  'b',
])
const priceOf = async (id: string) => {
  const product = (await (await read(id)).json()) as { price: { amount: number } }
  return product.price.amount
}
beforeEach(async () => {
  await press('reset', null)
  await reset()
})

describe('while Redis is off', () => {
  test('Expire and Flush say so, and what to do', async () => {
    await press('redisOff')
    for (const action of ['expire', 'flush'])
      expect(await press(action), action).toEqual({
        ...{ status: 409, message: 'Redis is off, so nothing was removed. Switch it on first' },
      })
  })

  test('the state of a product shows the database, and its entries as unreachable', async () => {
    await press('redisOff')
    expect(await readState('a')).toMatchObject({
      redis: { on: false },
      database: { state: 'stored', version: expect.any(Number) },
      entries: ['product', 'page', 'reviews'].map((cache) => ({ cache, state: 'unreachable' })),
    })
  })

  test('an edit behind the cache does not claim that the stream removed entries', async () => {
    await press('redisOff')
    const { status, message } = await press('edit')
    expect(status).toBe(200)
    expect(message).toMatch(/Readers saw the new price after \d+ ms, because they read the database/)
    expect(message).not.toContain('removed the entries')
  })

  test('it can be switched on without a product, and is reachable when the button is done', async () => {
    expect(await press('redisOff', null)).toMatchObject({ status: 200 })
    expect(await readState(null)).toEqual({ redis: { on: false, switchable: true } })
    expect(await press('redisOn', null)).toMatchObject({ status: 200 })
    expect(redisSwitch.on).toBe(true)
    expect(await press('flush', null)).toMatchObject({ status: 200 })
  })
})

test('a button that needs Redis fails within 3 s while Redis hangs, and the next one works again', async () => {
  // Redis then answers nobody.
  await client.call('CLIENT', 'PAUSE', '3000', 'ALL')
  const begun = performance.now()
  expect(await press('expire')).toMatchObject({
    ...{
      status: 409,
      message: expect.stringMatching(/^Redis does not answer: .*Check the output of npm start$/),
    },
  })
  expect(performance.now() - begun).toBeLessThan(3_000)
  await expect.poll(() => press('expire'), { timeout: 10_000 }).toMatchObject({ status: 200 })
})

test('an action on a product is refused on a page without one', async () => {
  for (const action of ['update', 'edit', 'expire', 'burst'])
    expect(await press(action, null), action).toEqual({
      ...{ status: 409, message: 'This page shows no product. Open the page of a product first' },
    })
})

describe('reset', () => {
  test('switches Redis on, restores the prices, empties the cache, and forgets the requests', async () => {
    const before = [await priceOf('a'), await priceOf('b')]
    for (const id of ['a', 'a', 'b']) expect(await press('update', id)).toMatchObject({ status: 200 })
    await press('redisOff')
    await press('edit', 'a')
    expect(await priceOf('a')).not.toBe(before[0])
    const { status, message } = await press('reset', null)
    expect({ status, message }).toEqual({
      status: 200,
      message: 'Reset: Redis is on, the prices of 2 products are restored, and the cache is empty.',
    })
    expect(redisSwitch.on).toBe(true)
    expect([await priceOf('a'), await priceOf('b')]).toEqual(before)
    // Nothing is left to restore.
    expect((await press('reset', null)).message).toBe('Reset: Redis is on, and the cache is empty.')
    expect(recorded()).toBe(0)
  })

  test('leaves a price that was changed elsewhere', async () => {
    await press('update', 'b')
    expect((await patch('b', { price: { amount: 1234, currency: 'EUR' } })).status).toBe(200)
    expect((await press('reset', null)).message).toMatch(/1 price was changed elsewhere and stays/)
    expect(await priceOf('b')).toBe(1234)
  })
})
