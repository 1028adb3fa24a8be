import { expect } from 'vitest'
import { type Process, reported, startClusterFleet } from '../../support/fleet.ts'
import { timed } from '../../support/timed.ts'

// If a connection is cut, the client of a cluster sends its commands again.
const fleet = await startClusterFleet(1)
const cache = 'twice'

/** Cuts the connection after Redis has run a script for `id`, and before its reply. */
async function cutBeforeReply(id: string, skip: number) {
  const [process] = fleet.processes as [Process]
  await fleet.open({ cache, many: false })
  await fleet.texts.write(id, 'x')
  // Then every shard knows the scripts.
  for (let n = 0; n < 12; n++) await process.call('get', { cache, id: `known${n}` })
  const { wire } = await fleet.cluster.shardOf(`{${id}}`)
  const { sprung } = await wire.trap(`eval.*{${id}}`, 'cut', { skip })
  return { process, sprung }
}

const reads: Record<string, (process: Process, id: string) => Promise<{ took: number; status: object }[]>> = {
  get: (process, id) => process.call('get', { cache, id }),
  getMany: (process, id) => process.call('getMany', { cache, ids: [id] }),
}

for (const [method, read] of Object.entries(reads)) {
  timed(
    `G3: a ${method} whose lease request is sent twice holds the lease and does not wait for it`,
    fleet,
    async () => {
      const { process, sprung } = await cutBeforeReply('a', 0)
      const [answer] = await read(process, 'a')
      await sprung
      expect(answer?.status).toMatchObject({ stored: true })
      expect(answer?.took).toBeLessThan(500)
      expect(reported([process], 'load', 'a')).toHaveLength(1)
    },
  )

  timed(`G3: a ${method} whose fill is sent twice knows that it was stored`, fleet, async () => {
    const { process, sprung } = await cutBeforeReply('b', 1)
    const [answer] = await read(process, 'b')
    await sprung
    expect(answer?.status).toMatchObject({ stored: true })
    expect(answer?.took).toBeLessThan(500)
    const [again] = await process.call('get', { cache, id: 'b' })
    expect(again?.status).toMatchObject({ hit: true })
  })
}
