import { expect } from 'vitest'
import { type Process, startClusterFleet, told } from '../../support/fleet.ts'
import { timed } from '../../support/timed.ts'

// The client of a cluster sends a command again whose connection was cut.
const fleet = await startClusterFleet(1)
const cache = 'twice'

/** Cuts the connection after Redis has executed a script for `id`, and before its reply. */
async function cutAt(id: string, skip: number) {
  const [process] = fleet.processes as [Process]
  await fleet.open({ cache, many: false })
  await fleet.texts.write(id, 'x')
  // Every shard knows the scripts.
  for (let n = 0; n < 12; n++) await process.call('get', { cache, id: `known${n}` })
  const { wire } = await fleet.cluster.shardOf(`{${id}}`)
  const { sprung } = await wire.trap(`eval.*{${id}}`, 'cut', { skip })
  return { process, sprung }
}

const reads: Record<string, (process: Process, id: string) => Promise<{ took: number; status: object }[]>> = {
  get: (process, id) => process.call('get', { cache, id }),
  getMany: (process, id) => process.call('getMany', { cache, ids: [id] }),
}

for (const [what, read] of Object.entries(reads)) {
  timed(`G3: the lease of a ${what} that was sent twice is held, not waited for`, fleet, async () => {
    const { process, sprung } = await cutAt('a', 0)
    const [answer] = await read(process, 'a')
    await sprung
    expect(answer?.status).toMatchObject({ stored: true })
    expect(answer?.took).toBeLessThan(500)
    expect(told([process], 'load', 'a')).toHaveLength(1)
  })

  timed(`G3: the fill of a ${what} that was sent twice is known to be stored`, fleet, async () => {
    const { process, sprung } = await cutAt('b', 1)
    const [answer] = await read(process, 'b')
    await sprung
    expect(answer?.status).toMatchObject({ stored: true })
    expect(answer?.took).toBeLessThan(500)
    const [again] = await process.call('get', { cache, id: 'b' })
    expect(again?.status).toMatchObject({ hit: true })
  })
}
