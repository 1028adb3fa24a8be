import { expect } from 'vitest'
import { startInspector } from '../../support/inspector.ts'
import { timed } from '../../support/timed.ts'

const inspected = await startInspector(['a', 'b'])

timed(
  'flush, expire, burst and the Redis switch change only the entries of this catalogue and never stop Redis',
  inspected,
  async ({ table, client, redisSwitch, press, read }) => {
    // Other keys in the same Redis: of a catalogue with a similar name, and of no catalogue.
    const otherKeys = [
      `${table}2:{a}:product:2`,
      `x${table}:{a}:product:2`,
      `${table}:{a}:product:2:mine`,
      'mine',
    ]
    for (const key of otherKeys) await client.set(key, 'still here')
    const ownKeys = async () => (await client.keys(`${table}:{*}:product:2`)).sort()

    const fillBoth = async () => {
      await expect.poll(async () => (await read('a')) && (await read('b')) && ownKeys()).toHaveLength(2)
    }
    await fillBoth()
    expect(await press('expire')).toEqual({
      status: 200,
      message: 'Expired 1 entry. The next read is a miss.',
    })
    await expect.poll(ownKeys).toEqual([`${table}:{b}:product:2`])
    await fillBoth()
    expect(await press('flush')).toEqual({
      status: 200,
      message: 'Removed 2 entries of this catalogue. Other keys in the same Redis are unchanged.',
    })
    expect(await ownKeys()).toEqual([])
    expect((await press('burst')).message).toMatch(
      /^200 readers in 20 sandboxes .*: \d+ database reads?, all answered/,
    )

    expect((await press('redisOff')).status).toBe(200)
    expect(redisSwitch.on).toBe(false)
    expect((await read()).headers.get('cache-status')).toMatch(/^aisle; fwd=bypass/)
    // The Redis server itself still runs.
    expect(await client.ping()).toBe('PONG')
    expect((await press('redisOn')).status).toBe(200)
    await expect
      .poll(async () => (await read()).headers.get('cache-status'), { timeout: 10_000 })
      .toMatch(/hit/)
    for (const key of otherKeys) expect(await client.get(key)).toBe('still here')
  },
)
