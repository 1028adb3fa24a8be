import { expect, test } from 'vitest'
import { type Process, startFleet } from './support/fleet.ts'

const { processes } = await startFleet(2)
const [before, after] = processes as [Process, Process]
const cache = 'releases'
// The new release keeps the text under another name.
await before.call('open', { cache, field: 'text', options: { schema: '1', cacheTimeoutMs: 1000 } })
await after.call('open', { cache, field: 'title', options: { schema: '2', cacheTimeoutMs: 1000 } })

const read = async (process: Process, id: string) => {
  const [answer] = await process.call('get', { cache, id })
  return answer
}

test('two releases side by side never see a value in the shape of the other', async () => {
  await before.call('write', { cache, id: 'a', text: 'x' })
  for (let round = 0; round < 5; round++) {
    expect(await read(before, 'a')).toMatchObject({ value: { text: 'x' }, status: { stored: true } })
    expect(await read(before, 'a')).toMatchObject({ value: { text: 'x' }, status: { hit: true } })
    expect(await read(after, 'a')).toMatchObject({ value: { title: 'x' }, status: { stored: true } })
    expect(await read(after, 'a')).toMatchObject({ value: { title: 'x' }, status: { hit: true } })
  }
})

test('and a write by one is seen by both', async () => {
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

test('callers of both at the same time are all answered, each in its own shape', async () => {
  await before.call('write', { cache, id: 'c', text: 'x' })
  const [ofBefore, ofAfter] = await Promise.all(
    [before, after].map((each) => each.call('get', { cache, id: 'c', callers: 50 })),
  )
  expect(ofBefore?.map(({ value }) => value)).toEqual(Array(50).fill({ text: 'x' }))
  expect(ofAfter?.map(({ value }) => value)).toEqual(Array(50).fill({ title: 'x' }))
})
