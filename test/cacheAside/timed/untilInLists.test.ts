import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { startPlace } from '../../support/place.ts'
import { timed } from '../../support/timed.ts'

const place = await startPlace()

/** One value ends soon after it was loaded; the other takes longer than that to load. */
const ends = { afterMs: 300, slowMs: 600 }

for (const how of ['is cached', 'is loaded as well'] as const) {
  timed(`a value that ends while others of its list are loaded is not served: it ${how}`, place, async () => {
    let loads = 0
    const { cache } = await place.open({
      load: async (id) => {
        if (id === 'slow') await sleep(ends.slowMs)
        const until = id === 'ends' ? { until: Date.now() + ends.afterMs } : {}
        return { value: { text: `${id} ${++loads}` }, version: 1, ...until }
      },
    })
    if (how === 'is cached') await cache.get('ends')
    const before = loads
    const [answer, slow] = await cache.getMany(['ends', 'slow'])
    expect(answer?.until).toBeGreaterThan(Date.now())
    expect(slow?.value?.text).toMatch(/^slow/)
    expect(loads - before).toBe(how === 'is cached' ? 2 : 3)
  })
}

timed('one that always ends sooner than the list is answered is an error of its own', place, async () => {
  const { cache } = await place.open({
    load: async (id) => {
      if (id === 'slow') await sleep(ends.slowMs)
      const until = id === 'slow' ? {} : { until: Date.now() + 1 }
      return { value: { text: id }, version: 1, ...until }
    },
  })
  const [answer, slow] = await cache.getMany(['ends', 'slow'])
  expect(answer?.error).toMatchObject({ name: 'LoadFailed' })
  expect(slow?.value).toEqual({ text: 'slow' })
})
