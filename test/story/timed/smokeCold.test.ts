import { expect } from 'vitest'
import { runScript } from '../../support/cli.ts'
import { startControl } from '../../support/control.ts'
import { fileCleanup } from '../../support/fileCleanup.ts'
import { startNetwork } from '../../support/network.ts'
import { startNpxOffline, startServices } from '../../support/offline.ts'
import { secureServer } from '../../support/secureCache.ts'
import { timed } from '../../support/timed.ts'

const afterFile = fileCleanup()
const network = await startNetwork()
afterFile(() => network.worker.kill())
const control = await startControl(network, afterFile)

const services = await startServices()
afterFile(() => services.stop())
const secure = await secureServer(services.table)
let offline: Awaited<ReturnType<typeof startNpxOffline>> | undefined
afterFile(() => offline?.stop())

const setUp = {
  control,
  /** Starts new functions that have never run. Their cache uses TLS and a password, and is a few milliseconds away. */
  async reset() {
    await offline?.stop()
    const { port } = new URL(secure.url)
    const wire = await network.open(Number(port), 10)
    const env = {
      ...services.env,
      REDIS_URL: secure.url.replace(port, String(wire.port)),
      NODE_EXTRA_CA_CERTS: secure.authorityFile,
    }
    offline = await startNpxOffline(env)
  },
}

timed('G4: all steps of the smoke test pass right after a deployment, with a token', setUp, async () => {
  const args = [offline?.url ?? '', '--token', await services.token()]
  const { code, out, err } = await runScript('cli/smoke.ts', args, { PATH: process.env.PATH })
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(out).toMatch(/18 steps passed\n$/)
})
