import { expect } from 'vitest'
import { type Process, reported, startFleet } from '../../support/fleet.ts'
import { timed } from '../../support/timed.ts'

const fleet = await startFleet(2)
const cache = 'permits'

for (const many of [false, true]) {
  timed(
    `G7: a process without a free permit takes no lease${many ? ', for a list' : ''}`,
    fleet,
    async () => {
      const [busy, free] = fleet.processes as [Process, Process]
      await fleet.open({ cache, options: { maxConcurrentLoads: 2 }, many })
      await Promise.all(['x', 'y'].map((id) => fleet.texts.write(id, id)))
      await busy.call('behave', { slowMs: 1500 })
      const slow = ['slow1', 'slow2'].map((id) => busy.call('get', { cache, id }))
      await expect.poll(() => reported([busy], 'load').length, { interval: 5 }).toBe(2)
      const waiting = busy.call('getMany', { cache, ids: ['x', 'y'] })
      const misses = async () =>
        (await busy.call('log')).filter((event) => event.type === 'miss' && 'xy'.includes(event.id)).length
      await expect.poll(misses, { interval: 5 }).toBe(2)
      // Long enough for a lease request.
      await new Promise((resolve) => setTimeout(resolve, 50))
      const answers = await free.call('getMany', { cache, ids: ['x', 'y'] })
      expect(answers.map(({ value }) => value)).toEqual([{ text: 'x' }, { text: 'y' }])
      // Stored, so no lease of the busy process was in the way.
      expect(answers.map(({ status }) => status.stored)).toEqual([true, true])
      expect(Math.max(...answers.map(({ took }) => took))).toBeLessThan(300)
      for (const { value } of await waiting) expect(value).toBeDefined()
      await Promise.all(slow)
    },
  )
}
