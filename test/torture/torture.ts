import { setTimeout as sleep } from 'node:timers/promises'
import { connectDynamoDB } from '../../lib/clients/dynamodb/index.ts'
import { findRedisBinary } from '../../lib/local/servers/redisServer.ts'
import { SetupError } from '../../lib/project/setupError.ts'
import { sharedNow } from '../support/clock.ts'
import { startNetwork } from '../support/network.ts'
import { textsIn } from '../support/texts.ts'
import { startWorker, type Worker } from '../support/workers.ts'
import type { Circumstances } from './circumstances.ts'
import { type Fault, faults, startVictim } from './faults.ts'
import type { Committed, Operation } from './history.ts'
import { numbersFrom } from './numbers.ts'
import { busy, quiet } from './options.ts'
import type { Sabotage } from './sabotage.ts'
import type { Setup, Told, TortureMethods } from './worker.ts'

/** How a torture test is run. */
export interface Torture {
  dynamodbEndpoint: string
  /** A table of its own. */
  table: string
  seconds: number
  /** Decides what the processes ask for and what befalls Redis; not how the machine then orders it. */
  seed: string
  processes?: number
  sabotage?: Sabotage
  /** Each id is written before, and nothing meanwhile: an answer that nothing exists may be a reason of loads. */
  readsOnly?: boolean
  /** What befalls Redis and the processes, in any order; all there is by default. */
  faults?: Tortured['faults']
  /** Ends it early. */
  signal?: AbortSignal
  /** Asked about once a second; ends it early as well. */
  isEnough?: (sofar: Tortured) => boolean
  onProgress?: (progress: { seconds: number; operations: number; faults: number }) => void
}

/** What was done and seen, and what befell Redis and the processes meanwhile. */
export interface Tortured {
  history: Operation[]
  faults: (Fault | 'kill a process')[]
  circumstances: Circumstances
}

/** After all faults have had their turn there is peace for so long: what is promised while Redis is there is seen then, ms. */
const peaceMs = 4_000

/** Two clocks of eight are wrong by an hour. */
const clocks = [0, 3_600_000, -3_600_000]

/** Writes each id once, before any process reads it. */
async function writeEach({ dynamodbEndpoint, table }: Torture): Promise<Committed[]> {
  const db = connectDynamoDB(dynamodbEndpoint)
  const texts = textsIn(db, table)
  const commits: Committed[] = []
  for (const id of [...busy, ...quiet]) {
    const start = sharedNow()
    const { version } = await texts.write(id, id)
    commits.push({ type: 'committed', process: 'before', id, start, end: sharedNow(), version, text: id })
  }
  db.destroy()
  return commits
}

/** Has processes read and write a few ids through caches of their own, while Redis and they themselves are harmed. */
export async function torture(run: Torture): Promise<Tortured> {
  const binary = findRedisBinary()
  if (!binary) throw new SetupError('No valkey-server or redis-server on PATH')
  const random = numbersFrom(run.seed)
  const network = await startNetwork()
  const victim = await startVictim(binary, network, random)
  const circumstances: Circumstances = { faults: [], waits: [], killed: [], wrongClocks: [] }
  const tortured: Tortured = { history: [], faults: [], circumstances }
  const workers = new Set<Worker<TortureMethods>>()
  const names = new Map<Worker<TortureMethods>, string>()
  let started = 0

  const setUp = async () => {
    const number = started++
    const setup: Setup = {
      redisUrl: victim.url,
      dynamodbEndpoint: run.dynamodbEndpoint,
      table: run.table,
      seed: run.seed,
      process: `process ${number}`,
      clockAhead: clocks[number % 8] ?? 0,
      ...(run.readsOnly && { readsOnly: true }),
      ...(run.sabotage && { sabotage: run.sabotage }),
    }
    if (setup.clockAhead !== 0) circumstances.wrongClocks.push(setup.process)
    const worker = await startWorker<TortureMethods, Told>(
      new URL('./worker.ts', import.meta.url),
      setup,
      ({ operations, waits }) => {
        tortured.history.push(...operations)
        circumstances.waits.push(...waits)
      },
    )
    names.set(worker, setup.process)
    workers.add(worker)
    return worker
  }
  /** Lets a process work until it is stopped, or killed. */
  const failures: Error[] = []
  const runs: Promise<void>[] = []
  const begin = (worker: Worker<TortureMethods>) => {
    runs.push(worker.call('run').catch((error) => void (workers.has(worker) && failures.push(error))))
  }

  const replaceOne = async () => {
    const [doomed] = workers
    if (!doomed) return
    workers.delete(doomed)
    await doomed.kill()
    circumstances.killed.push({ process: names.get(doomed) ?? '', at: sharedNow() })
    begin(await setUp())
  }
  /** Every fault has its turn, in an order that the seed decides. */
  const inAnyOrder = <T>(list: T[]): T[] =>
    list
      .map((each) => ({ each, place: random() }))
      .sort((a, b) => a.place - b.place)
      .map(({ each }) => each)
  const bag: Tortured['faults'] = []

  try {
    if (run.readsOnly) tortured.history.push(...(await writeEach(run)))
    const { processes = 8 } = run
    for (const worker of await Promise.all(Array.from({ length: processes }, setUp))) begin(worker)
    const start = performance.now()
    const end = start + run.seconds * 1000
    const left = () => (run.signal?.aborted || failures.length > 0 ? 0 : end - performance.now())
    const { faults: some = [...faults, 'kill a process'] } = run
    while (left() > 0) {
      await sleep(Math.min(left(), bag.length === 0 && !run.faults ? peaceMs : 200 + random() * 1000))
      if (left() <= 0 || run.isEnough?.(tortured)) break
      if (bag.length === 0) bag.push(...inAnyOrder(some))
      const fault = bag.pop()
      if (fault === undefined) continue
      if (fault === 'kill a process') await replaceOne()
      else circumstances.faults.push(await victim.strike(fault))
      tortured.faults.push(fault)
      run.onProgress?.({
        seconds: (performance.now() - start) / 1000,
        operations: tortured.history.length,
        faults: tortured.faults.length,
      })
    }
    await Promise.all([...workers].map((worker) => worker.call('stop')))
    await Promise.all(runs)
    if (failures[0]) throw failures[0]
    return tortured
  } finally {
    await Promise.all([...workers].map((worker) => worker.kill()))
    await victim.stop()
    await network.worker.kill()
  }
}
