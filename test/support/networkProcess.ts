import { type Direction, type Fault, Line } from './line.ts'
import { serve, tell } from './serve.ts'

/**
 * A network in a process of its own, so that no event loop of a test counts as distance. Started by ./network.ts.
 *
 * A timer of Node comes in whole milliseconds. So while something is on its way this process looks for what is due
 * again and again, and rests between by Atomics.wait, which is exact to about a tenth of a millisecond and costs 25 µs.
 */
const lines: Line[] = []
const alarm = new Int32Array(new SharedArrayBuffer(4))
/** How long it rests at the longest while something is on its way: what arrives meanwhile is seen as much later, ms. */
const restMs = 0.05
/** What a rest takes beyond what it was asked for, ms. */
const restCosts = 0.08
let isWatching = false

function watch(): void {
  if (isWatching) return
  isWatching = true
  setImmediate(deliver)
}

function deliver(): void {
  let next = Number.POSITIVE_INFINITY
  for (const line of lines) next = Math.min(next, line.deliver() ?? next)
  if (next === Number.POSITIVE_INFINITY) {
    isWatching = false
    return
  }
  const rest = Math.min(next - performance.now() - restCosts, restMs)
  if (rest > 0) Atomics.wait(alarm, 0, 0, rest)
  setImmediate(deliver)
}

function lineOf(number: number): Line {
  const line = lines[number]
  if (!line) throw new Error(`There is no line ${number}`)
  return line
}

/** What this process tells: that a trap has sprung. */
export type NetworkEvent = { type: 'fault'; line: number; fault: Fault }

const methods = {
  /** Opens a line to a port of this machine. */
  async open({ target, delayMs }: { target: number; delayMs: number }) {
    const line = new Line(target, delayMs, watch)
    await line.open()
    return { line: lines.push(line) - 1, port: line.port }
  },
  async close({ line }: { line: number }) {
    lineOf(line).close()
  },
  async cut({ line }: { line: number }) {
    lineOf(line).cut()
  },
  async swallow({ line, direction }: { line: number; direction: Direction }) {
    lineOf(line).swallow(direction)
  },
  async forget({ line }: { line: number }) {
    lineOf(line).forget()
  },
  async keep({ line, direction }: { line: number; direction: Direction }) {
    lineOf(line).keep(direction)
  },
  async release({ line }: { line: number }) {
    lineOf(line).release()
  },
  async trap({ line, command, fault, skip }: { line: number; command: string; fault: Fault; skip: number }) {
    lineOf(line).trap(new RegExp(command, 'is'), fault, skip, (sprung) =>
      tell<NetworkEvent>({ type: 'fault', line, fault: sprung }),
    )
  },
  async delay({ line, delayMs }: { line: number; delayMs: number }) {
    lineOf(line).delay(delayMs)
  },
  async reset({ line }: { line: number }) {
    await lineOf(line).reset()
  },
  /** The processor time that this process has taken so far, ms. */
  async cpu() {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1000
  },
}
export type NetworkMethods = typeof methods

serve(methods)
