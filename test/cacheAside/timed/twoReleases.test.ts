import { expect } from 'vitest'
import { type Process, startFleet } from '../../support/fleet.ts'
import { timed } from '../../support/timed.ts'

const fleet = await startFleet(2)
const cache = 'releases'

/** Opens the cache of each release. The new release stores the text in another field. */
async function open(): Promise<[Process, Process]> {
  const [before, after] = fleet.processes as [Process, Process]
  await before.call('open', { cache, field: 'text', options: { schema: '1' } })
  await after.call('open', { cache, field: 'title', options: { schema: '2' } })
  return [before, after]
}

const read = async (process: Process, id: string) => {
  const [answer] = await process.call('get', { cache, id })
  return answer
}

timed('G8: neither of two releases ever reads a value in the shape of the other', fleet, async () => {
  const [before, after] = await open()
  await before.call('write', { cache, id: 'a', text: 'x' })
  for (let round = 0; round < 5; round++) {
    const status = round === 0 ? { stored: true } : { hit: true }
    expect(await read(before, 'a')).toMatchObject({ value: { text: 'x' }, status })
    expect(await read(before, 'a')).toMatchObject({ value: { text: 'x' }, status: { hit: true } })
    expect(await read(after, 'a')).toMatchObject({ value: { title: 'x' }, status })
    expect(await read(after, 'a')).toMatchObject({ value: { title: 'x' }, status: { hit: true } })
  }
})

timed('G8: both releases see a write by either of them', fleet, async () => {
  const [before, after] = await open()
  for (let version = 1; version <= 10; version++) {
    const [writer, filler] = version % 2 === 0 ? [before, after] : [after, before]
    const text = `text ${version}`
    await filler.call('get', { cache, id: 'b' })
    expect(await writer.call('write', { cache, id: 'b', text })).toEqual({ version, invalidation: 'done' })
    expect(await read(filler, 'b')).toMatchObject({ version })
    expect((await read(before, 'b'))?.value).toEqual({ text })
    expect((await read(after, 'b'))?.value).toEqual({ title: text })
  }
})

timed('G8: concurrent callers of both releases get values in their own shape', fleet, async () => {
  const [before, after] = await open()
  await before.call('write', { cache, id: 'c', text: 'x' })
  const [ofBefore, ofAfter] = await Promise.all(
    [before, after].map((each) => each.call('get', { cache, id: 'c', callers: 50 })),
  )
  expect(ofBefore?.map(({ value }) => value)).toEqual(Array(50).fill({ text: 'x' }))
  expect(ofAfter?.map(({ value }) => value)).toEqual(Array(50).fill({ title: 'x' }))
})
