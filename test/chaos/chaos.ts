import { setTimeout as sleep } from 'node:timers/promises'
import type { Catalogue } from './catalogue.ts'
import { lastProblem } from './cost.ts'
import type { Fault } from './faults.ts'
import type { History, Read, Write } from './history.ts'
import { startReaders } from './readers.ts'
import { startWriters } from './writers.ts'

/** How long each phase of a fault's test takes, ms. */
export interface Durations {
  /** Fills the cache. Nothing counts. */
  fill: number
  before: number
  during: number
  /** The shortest time after the fault. It lasts until `quiet` has passed without a problem, at most `longest`. */
  after: number
  quiet: number
  longest: number
}

export const usualDurations: Durations = {
  ...{ fill: 2_000, before: 5_000, during: 8_000 },
  ...{ after: 5_000, quiet: 3_000, longest: 30_000 },
}

/** How long before a fault writers pause, ms: long enough for each entry to be read again. */
const writerPauseMs = 3_000
/** The longest that a client waits before it disconnects, ms. */
const disconnectWithinMs = 30

/**
 * Tests one fault. It begins with an empty cache. Each second 25 reads, 5 puts and 1.5 writes with an idempotency key
 * begin. The fault is injected in the middle, and the test goes on until the catalogue has recovered.
 *
 * @param run names this test; each test of one catalogue needs its own name
 */
export async function testFault(
  catalogue: Catalogue,
  fault: Fault,
  run: string,
  durations: Durations,
): Promise<History> {
  const reads: Read[] = []
  const writes: Write[] = []
  let isFaultActive = false
  const disconnectAfterMs = (): number | undefined =>
    isFaultActive && fault.clientsDisconnect && Math.random() < 0.5
      ? Math.ceil(Math.random() * disconnectWithinMs)
      : undefined

  await catalogue.admin.flushall()
  const ports = catalogue.readers.map(({ port }) => port)
  const stopReaders = startReaders(ports, (read) => reads.push(read), disconnectAfterMs)
  const { port } = catalogue.writer
  const writers = startWriters(port, run, (write) => writes.push(write), disconnectAfterMs)
  await sleep(durations.fill)
  const start = performance.now()
  await sleep(durations.before - writerPauseMs)
  if (fault.writers) writers.pause()
  await sleep(writerPauseMs)
  const faultStart = performance.now()
  isFaultActive = true
  if (fault.writers === 'continue') writers.resume()
  await fault.inject(catalogue, durations.during)
  isFaultActive = false
  const faultEnd = performance.now()
  if (fault.writers === 'pause') writers.resume()
  await sleep(durations.after)
  const sinceProblem = () => performance.now() - lastProblem({ reads, writes, faultStart, faultEnd })
  while (sinceProblem() < durations.quiet && performance.now() < faultEnd + durations.longest)
    await sleep(200)
  await Promise.all([stopReaders(), writers.stop()])
  return { reads: reads.filter((read) => read.start >= start), writes, faultStart, faultEnd }
}
