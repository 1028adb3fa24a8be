import { Agent, request } from 'node:http'

/** What to ask, and for how long. */
export interface Load {
  port: number
  connections: number
  ms: number
  ids: string[]
}

export interface Loaded {
  perSecond: number
  /** Answers of 200 that were no hit. */
  misses: number
  /** Answers that were no 200. */
  errors: number
}

/** A process that asks over so many connections, one request after the other on each, as often as it is told. */
process.on('message', async ({ port, connections, ms, ids }: Load) => {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  let asked = 0
  let misses = 0
  let errors = 0
  const ask = () =>
    new Promise<void>((resolve, reject) => {
      const path = `/products/${ids[asked++ % ids.length]}`
      const sent = request({ agent, port, path, host: '127.0.0.1', timeout: 10_000 }, (response) => {
        if (response.statusCode !== 200) errors++
        else if (!response.headers['cache-status']?.includes('hit')) misses++
        response.resume().on('end', resolve)
      })
      sent.on('timeout', () => sent.destroy(new Error('No answer in 10 s')))
      sent.on('error', reject).end()
    })
  const begun = performance.now()
  await Promise.all(
    Array.from({ length: connections }, async () => {
      while (performance.now() - begun < ms) await ask()
    }),
  )
  const loaded: Loaded = { perSecond: (1_000 * asked) / (performance.now() - begun), misses, errors }
  agent.destroy()
  process.send?.(loaded)
})
process.on('disconnect', () => process.exit())
