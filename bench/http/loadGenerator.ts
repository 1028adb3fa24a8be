import { Agent, request } from 'node:http'

/** What the load generator requests, and for how long. */
export interface LoadRequest {
  port: number
  connections: number
  ms: number
  ids: string[]
}

export interface LoadReport {
  perSecond: number
  /** Responses with status 200 that were no hits. */
  misses: number
  /** Responses with another status. */
  errors: number
}

// The load generator is a process. On each connection it sends one request after the other.
process.on('message', async ({ port, connections, ms, ids }: LoadRequest) => {
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
      sent.on('timeout', () => sent.destroy(new Error('No response within 10 s')))
      sent.on('error', reject).end()
    })
  const begun = performance.now()
  await Promise.all(
    Array.from({ length: connections }, async () => {
      while (performance.now() - begun < ms) await ask()
    }),
  )
  const report: LoadReport = { perSecond: (1_000 * asked) / (performance.now() - begun), misses, errors }
  agent.destroy()
  process.send?.(report)
})
process.on('disconnect', () => process.exit())
