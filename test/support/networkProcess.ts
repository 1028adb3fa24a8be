import { DelayProxy, type Direction, type Fault } from './delayProxy.ts'
import { sendEvent, serve } from './serve.ts'

/**
 * A network in its own process, so that a busy event loop of a test adds no delay. Started by ./network.ts.
 *
 * Timers of Node.js have a resolution of one millisecond. So while bytes are in transit, this process polls for what is
 * due. Between polls it rests with Atomics.wait, which is exact to about 0.1 ms and costs 25 µs.
 */
const proxies: DelayProxy[] = []
const alarm = new Int32Array(new SharedArrayBuffer(4))
/** The longest rest while bytes are in transit, ms. Bytes that arrive during a rest are delayed by up to this. */
const restMs = 0.05
/** How much longer a rest takes than requested, ms. */
const restOverheadMs = 0.08
let isPolling = false

function poll(): void {
  if (isPolling) return
  isPolling = true
  setImmediate(deliver)
}

function deliver(): void {
  let next = Number.POSITIVE_INFINITY
  for (const proxy of proxies) next = Math.min(next, proxy.deliver() ?? next)
  if (next === Number.POSITIVE_INFINITY) {
    isPolling = false
    return
  }
  const rest = Math.min(next - performance.now() - restOverheadMs, restMs)
  if (rest > 0) Atomics.wait(alarm, 0, 0, rest)
  setImmediate(deliver)
}

function findProxy(index: number): DelayProxy {
  const proxy = proxies[index]
  if (!proxy) throw new Error(`There is no proxy ${index}`)
  return proxy
}

/** The event that a trap has sprung. */
export type NetworkEvent = { type: 'fault'; proxy: number; fault: Fault }

const methods = {
  /** Opens a proxy to a port of this machine. */
  async open({ target, delayMs }: { target: number; delayMs: number }) {
    const proxy = new DelayProxy(target, delayMs, poll)
    await proxy.open()
    return { proxy: proxies.push(proxy) - 1, port: proxy.port }
  },
  async close({ proxy }: { proxy: number }) {
    findProxy(proxy).close()
  },
  async cut({ proxy }: { proxy: number }) {
    findProxy(proxy).cut()
  },
  async swallow({ proxy, direction }: { proxy: number; direction: Direction }) {
    findProxy(proxy).swallow(direction)
  },
  async forget({ proxy }: { proxy: number }) {
    findProxy(proxy).forget()
  },
  async hold({ proxy, direction }: { proxy: number; direction: Direction }) {
    findProxy(proxy).hold(direction)
  },
  async release({ proxy }: { proxy: number }) {
    findProxy(proxy).release()
  },
  async trap({
    proxy,
    command,
    fault,
    skip,
  }: {
    proxy: number
    command: string
    fault: Fault
    skip: number
  }) {
    findProxy(proxy).trap(new RegExp(command, 'is'), fault, skip, (sprung) =>
      sendEvent<NetworkEvent>({ type: 'fault', proxy, fault: sprung }),
    )
  },
  async delay({ proxy, delayMs }: { proxy: number; delayMs: number }) {
    findProxy(proxy).delay(delayMs)
  },
  async reset({ proxy }: { proxy: number }) {
    await findProxy(proxy).reset()
  },
  /** Returns the processor time that this process has used so far, ms. */
  async cpu() {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1000
  },
}
export type NetworkMethods = typeof methods

serve(methods)
