import { setTimeout as sleep } from 'node:timers/promises'
import type { Catalogue } from './catalogue.ts'
import type { Fault } from './faults.ts'
import type { History, Read, Write } from './history.ts'
import { lastTrouble } from './judge.ts'
import { startReaders } from './readers.ts'
import { startWriters } from './writers.ts'

/** How long each part of a fault's turn takes, ms. */
export interface Times {
  /** Until the cache holds what is read; nothing counts. */
  fill: number
  before: number
  during: number
  /** Afterwards at least so long, until there was no trouble for `quiet`, and at most until `longest`. */
  after: number
  quiet: number
  longest: number
}

export const usualTimes: Times = {
  ...{ fill: 2_000, before: 5_000, during: 8_000 },
  ...{ after: 5_000, quiet: 3_000, longest: 30_000 },
}

/** Writers who rest do so for as long as it takes until each entry was read again, ms. */
const restMs = 3_000
/** The longest that a client waits who leaves, ms. */
const leaveWithinMs = 30

/**
 * Tries one fault: begins with an empty cache, has 25 reads, 5 puts and 1.5 writes with a key begin in each second, lets the
 * fault befall the catalogue in the middle, and goes on until all is as before.
 *
 * @param run names it; no two of one catalogue may have the same name
 */
export async function tryFault(
  catalogue: Catalogue,
  fault: Fault,
  run: string,
  times: Times,
): Promise<History> {
  const reads: Read[] = []
  const writes: Write[] = []
  let isStriking = false
  const leaveMs = (): number | undefined =>
    isStriking && fault.clientsLeave && Math.random() < 0.5
      ? Math.ceil(Math.random() * leaveWithinMs)
      : undefined

  await catalogue.admin.flushall()
  const ports = catalogue.readers.map(({ port }) => port)
  const endReaders = startReaders(ports, (read) => reads.push(read), leaveMs)
  const writers = startWriters(catalogue.writer.port, run, (write) => writes.push(write), leaveMs)
  await sleep(times.fill)
  const begin = performance.now()
  await sleep(times.before - restMs)
  if (fault.writers) writers.rest()
  await sleep(restMs)
  const struck = performance.now()
  isStriking = true
  if (fault.writers === 'go on') writers.goOn()
  await fault.strike(catalogue, times.during)
  isStriking = false
  const over = performance.now()
  if (fault.writers === 'rest') writers.goOn()
  await sleep(times.after)
  const sinceTrouble = () => performance.now() - lastTrouble({ reads, writes, struck, over })
  while (sinceTrouble() < times.quiet && performance.now() < over + times.longest) await sleep(200)
  await Promise.all([endReaders(), writers.end()])
  return { reads: reads.filter(({ start }) => start >= begin), writes, struck, over }
}
