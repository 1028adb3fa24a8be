import { afterAll, beforeAll, expect } from 'vitest'
import { runScript } from '../../support/cli.ts'
import { startControl } from '../../support/control.ts'
import { untilFileEnds } from '../../support/ends.ts'
import { startNetwork } from '../../support/network.ts'
import { startNpxOffline, startServices } from '../../support/offline.ts'
import { secureServer } from '../../support/secureCache.ts'
import { timed } from '../../support/timed.ts'

const ends = untilFileEnds()
const network = await startNetwork()
ends(() => network.worker.kill())
const control = await startControl(network, ends)

let services: Awaited<ReturnType<typeof startServices>>
let secure: Awaited<ReturnType<typeof secureServer>>
let offline: Awaited<ReturnType<typeof startNpxOffline>> | undefined
beforeAll(async () => {
  services = await startServices()
  secure = await secureServer(services.table)
}, 90_000)
afterAll(async () => {
  await offline?.stop()
  await services?.stop()
})

const ground = {
  control,
  /** The functions anew, none of which has run: a cache by TLS and a password, a few milliseconds away. */
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

timed('G4: right after a deployment all steps of the smoke test go well, with a token', ground, async () => {
  const args = [offline?.url ?? '', '--token', await services.token()]
  const { code, out, err } = await runScript('cli/smoke.ts', args, { PATH: process.env.PATH })
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(out).toMatch(/18 steps went well\n$/)
})
