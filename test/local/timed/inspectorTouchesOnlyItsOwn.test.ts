import { expect } from 'vitest'
import { startInspected } from '../../support/inspector.ts'
import { timed } from '../../support/timed.ts'

const inspected = await startInspected(['a', 'b'])

timed(
  'flush, expire, burst and the switch touch nothing in a Redis but the entries of this catalogue, and never stop it',
  inspected,
  async ({ table, client, redisSwitch, press, read }) => {
    // Others of the same Redis: another catalogue, whose name begins alike, and what is no catalogue.
    const others = [
      `${table}2:{a}:product:2`,
      `x${table}:{a}:product:2`,
      `${table}:{a}:product:2:mine`,
      'mine',
    ]
    for (const key of others) await client.set(key, 'still here')
    const own = async () => (await client.keys(`${table}:{*}:product:2`)).sort()

    const fillBoth = async () => {
      await expect.poll(async () => (await read('a')) && (await read('b')) && own()).toHaveLength(2)
    }
    await fillBoth()
    expect(await press('expire')).toEqual({
      status: 200,
      said: 'The time of 1 entry is over: the next read is a miss.',
    })
    await expect.poll(own).toEqual([`${table}:{b}:product:2`])
    await fillBoth()
    expect(await press('flush')).toEqual({
      status: 200,
      said: '2 entries of this catalogue removed. Other keys of the same Redis are left alone.',
    })
    expect(await own()).toEqual([])
    expect((await press('burst')).said).toMatch(
      /^200 readers of 20 sandboxes .*: \d+ database reads?, all answered/,
    )

    expect((await press('redisOff')).status).toBe(200)
    expect(redisSwitch.on).toBe(false)
    expect((await read()).headers.get('cache-status')).toMatch(/^aisle; fwd=bypass/)
    // The server itself goes on.
    expect(await client.ping()).toBe('PONG')
    expect((await press('redisOn')).status).toBe(200)
    await expect
      .poll(async () => (await read()).headers.get('cache-status'), { timeout: 10_000 })
      .toMatch(/hit/)
    for (const key of others) expect(await client.get(key)).toBe('still here')
  },
)
