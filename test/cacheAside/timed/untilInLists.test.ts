import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { startTestbed } from '../../support/testbed.ts'
import { timed } from '../../support/timed.ts'

const testbed = await startTestbed()

/** One value expires soon after its load. The other takes longer than that to load. */
const times = { expiresAfterMs: 300, slowMs: 600 }

for (const source of ['cached', 'loaded'] as const) {
  timed(
    `a ${source} value that expires while other ids of its list are loaded is not served`,
    testbed,
    async () => {
      let loads = 0
      const { cache } = await testbed.open({
        load: async (id) => {
          if (id === 'slow') await sleep(times.slowMs)
          const until = id === 'short' ? { until: Date.now() + times.expiresAfterMs } : {}
          return { value: { text: `${id} ${++loads}` }, version: 1, ...until }
        },
      })
      if (source === 'cached') await cache.get('short')
      const before = loads
      const [answer, slow] = await cache.getMany(['short', 'slow'])
      expect(answer?.until).toBeGreaterThan(Date.now())
      expect(slow?.value?.text).toMatch(/^slow/)
      expect(loads - before).toBe(source === 'cached' ? 2 : 3)
    },
  )
}

timed(
  'a value that always expires before its list is answered is an error of its own id',
  testbed,
  async () => {
    const { cache } = await testbed.open({
      load: async (id) => {
        if (id === 'slow') await sleep(times.slowMs)
        const until = id === 'slow' ? {} : { until: Date.now() + 1 }
        return { value: { text: id }, version: 1, ...until }
      },
    })
    const [answer, slow] = await cache.getMany(['short', 'slow'])
    expect(answer?.error).toMatchObject({ name: 'LoadFailed' })
    expect(slow?.value).toEqual({ text: 'slow' })
  },
)
