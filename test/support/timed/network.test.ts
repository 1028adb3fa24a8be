import { Redis } from 'ioredis'
import { expect } from 'vitest'
import { startTestbed } from '../testbed.ts'
import { timed } from '../timed.ts'

const testbed = await startTestbed()

/**
 * Connects a bare client. `fastest` returns the 10th percentile of its round trips, ms. A busy machine makes round trips
 * longer but never shorter, so the fastest ones show what the wire adds.
 */
async function connect() {
  const client = new Redis(testbed.wire.port, '127.0.0.1', {
    retryStrategy: () => 5,
    maxRetriesPerRequest: 0,
  })
  client.on('error', () => {})
  await client.ping()
  const fastest = async () => {
    const times: number[] = []
    for (let n = 0; n < 201; n++) {
      const begun = performance.now()
      await client.ping()
      times.push(performance.now() - begun)
    }
    return times.sort((a, b) => a - b)[20] ?? 0
  }
  return { client, fastest }
}

timed('a wire adds its delay in each direction and keeps the order', testbed, async ({ wire }) => {
  const { client, fastest } = await connect()
  await wire.delay(0)
  // The round trip of this machine without a delay.
  const bare = await fastest()
  for (const delayMs of [0.5, 1, 2]) {
    await wire.delay(delayMs)
    const took = await fastest()
    expect(took).toBeGreaterThan(2 * delayMs)
    expect(took).toBeLessThan(2 * delayMs + bare + 0.5)
  }
  const answers = await Promise.all(Array.from({ length: 2000 }, (_, n) => client.echo(`${n}`)))
  expect(answers).toEqual(Array.from({ length: 2000 }, (_, n) => `${n}`))
  client.disconnect()
})

timed(
  'a trap applies its fault to one reply, after Redis has executed the command',
  testbed,
  async ({ wire }) => {
    for (const fault of ['cut', 'lost', 'held'] as const) {
      const { client } = await connect()
      const { sprung } = await wire.trap(`incr.*${fault}`, fault)
      const answer = client.incr(fault)
      answer.catch(() => {})
      await sprung
      const other = new Redis(testbed.server.port, '127.0.0.1')
      expect(await other.get(fault)).toBe('1')
      other.disconnect()
      const soon = Promise.race([answer, new Promise((resolve) => setTimeout(resolve, 100, 'nothing'))])
      if (fault === 'cut') await expect(soon).rejects.toThrow()
      else expect(await soon).toBe('nothing')
      await wire.release()
      if (fault === 'held') expect(await answer).toBe(1)
      client.disconnect()
    }
  },
)
