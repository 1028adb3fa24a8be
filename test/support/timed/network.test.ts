import { Redis } from 'ioredis'
import { expect } from 'vitest'
import { startPlace } from '../place.ts'
import { timed } from '../timed.ts'

const place = await startPlace()

/**
 * A bare client on the line, and what the fastest tenth of its round trips takes at most, ms. A busy machine makes a round
 * trip longer and never shorter, so these are the ones that show what the line adds.
 */
async function connect() {
  const client = new Redis(place.wire.port, '127.0.0.1', { retryStrategy: () => 5, maxRetriesPerRequest: 0 })
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

timed('a line adds its delay each way, and keeps the order', place, async ({ wire }) => {
  const { client, fastest } = await connect()
  await wire.delay(0)
  // What a round trip costs on this machine by itself.
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
  'a line does what it is told to one reply, after Redis has executed the command',
  place,
  async ({ wire }) => {
    for (const fault of ['cut', 'lost', 'kept'] as const) {
      const { client } = await connect()
      const { sprung } = await wire.trap(`incr.*${fault}`, fault)
      const answer = client.incr(fault)
      answer.catch(() => {})
      await sprung
      const other = new Redis(place.server.port, '127.0.0.1')
      expect(await other.get(fault)).toBe('1')
      other.disconnect()
      const soon = Promise.race([answer, new Promise((resolve) => setTimeout(resolve, 100, 'nothing'))])
      if (fault === 'cut') await expect(soon).rejects.toThrow()
      else expect(await soon).toBe('nothing')
      await wire.release()
      if (fault === 'kept') expect(await answer).toBe(1)
      client.disconnect()
    }
  },
)
