import { setTimeout as sleep } from 'node:timers/promises'
import { connectDynamoDB } from '../../lib/clients/dynamodb/index.ts'
import { findRedisBinary } from '../../lib/local/servers/redisServer.ts'
import { SetupError } from '../../lib/project/setupError.ts'
import { sharedNow } from '../support/clock.ts'
import { startNetwork } from '../support/network.ts'
import { textsIn } from '../support/texts.ts'
import { startWorker, type Worker } from '../support/workers.ts'
import type { Circumstances } from './circumstances.ts'
import { type Fault, faults, startFaultyRedis } from './faults.ts'
import type { Committed, Operation } from './history.ts'
import { busy, quiet } from './options.ts'
import type { Sabotage } from './sabotage.ts'
import { seededRandom } from './seededRandom.ts'
import type { Report, Setup, TortureMethods } from './worker.ts'

export interface TortureOptions {
  dynamodbEndpoint: string
  /** A table that nothing else uses. */
  table: string
  seconds: number
  /** Decides what the processes request and which faults occur, but not how the machine orders it all. */
  seed: string
  processes?: number
  sabotage?: Sabotage
  /**
   * Each id is written before the run and not during it: the answer that nothing exists could be the reason for other
   * loads.
   */
  readsOnly?: boolean
  /** The faults of Redis and the processes, in any order. @default every fault */
  faults?: TortureResult['faults']
  /** Ends the run early. */
  signal?: AbortSignal
  /** Called about once a second. Ends the run early if it returns true. */
  isEnough?: (resultSoFar: TortureResult) => boolean
  onProgress?: (progress: { seconds: number; operations: number; faults: number }) => void
}

/** What the processes recorded, and which faults occurred meanwhile. */
export interface TortureResult {
  history: Operation[]
  faults: (Fault | 'kill a process')[]
  circumstances: Circumstances
}

/** The pause before each round of faults. It shows what the cache promises while Redis is available, ms. */
const calmMs = 4_000

/** How far the clocks of the first processes are ahead, ms. Two of eight are an hour off. */
const clocks = [0, 3_600_000, -3_600_000]

/** Writes each id once, before any process reads it. */
async function writeEach({ dynamodbEndpoint, table }: TortureOptions): Promise<Committed[]> {
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

/** Has processes read and write a few ids through caches of their own, and injects faults meanwhile. */
export async function runTorture(options: TortureOptions): Promise<TortureResult> {
  const binary = findRedisBinary()
  if (!binary) throw new SetupError('No valkey-server or redis-server on PATH. Install one of them.')
  const random = seededRandom(options.seed)
  const network = await startNetwork()
  const redis = await startFaultyRedis(binary, network, random)
  const circumstances: Circumstances = { faults: [], slowControls: [], killed: [], wrongClocks: [] }
  const result: TortureResult = { history: [], faults: [], circumstances }
  const workers = new Set<Worker<TortureMethods>>()
  const names = new Map<Worker<TortureMethods>, string>()
  let started = 0

  const startProcess = async () => {
    const number = started++
    const setup: Setup = {
      redisUrl: redis.url,
      dynamodbEndpoint: options.dynamodbEndpoint,
      table: options.table,
      seed: options.seed,
      process: `process ${number}`,
      clockAhead: clocks[number % 8] ?? 0,
      ...(options.readsOnly && { readsOnly: true }),
      ...(options.sabotage && { sabotage: options.sabotage }),
    }
    if (setup.clockAhead !== 0) circumstances.wrongClocks.push(setup.process)
    const worker = await startWorker<TortureMethods, Report>(
      new URL('./worker.ts', import.meta.url),
      setup,
      ({ operations, slowControls }) => {
        result.history.push(...operations)
        circumstances.slowControls.push(...slowControls)
      },
    )
    names.set(worker, setup.process)
    workers.add(worker)
    return worker
  }
  const failures: Error[] = []
  const runs: Promise<void>[] = []
  /** Lets a process work until it is stopped or killed. */
  const run = (worker: Worker<TortureMethods>) => {
    runs.push(worker.call('run').catch((error) => void (workers.has(worker) && failures.push(error))))
  }

  const killProcess = async () => {
    const [worker] = workers
    if (!worker) return
    workers.delete(worker)
    await worker.kill()
    circumstances.killed.push({ process: names.get(worker) ?? '', at: sharedNow() })
    run(await startProcess())
  }
  const shuffle = <T>(list: T[]): T[] =>
    list
      .map((each) => ({ each, place: random() }))
      .sort((a, b) => a.place - b.place)
      .map(({ each }) => each)
  /** The faults that are left of this round. Each round has every fault once, in an order that the seed decides. */
  const round: TortureResult['faults'] = []

  try {
    if (options.readsOnly) result.history.push(...(await writeEach(options)))
    const { processes = 8 } = options
    for (const worker of await Promise.all(Array.from({ length: processes }, startProcess))) run(worker)
    const start = performance.now()
    const end = start + options.seconds * 1000
    const leftMs = () => (options.signal?.aborted || failures.length > 0 ? 0 : end - performance.now())
    const { faults: wanted = [...faults, 'kill a process'] } = options
    while (leftMs() > 0) {
      const pauseMs = round.length === 0 && !options.faults ? calmMs : 200 + random() * 1000
      await sleep(Math.min(leftMs(), pauseMs))
      if (leftMs() <= 0 || options.isEnough?.(result)) break
      if (round.length === 0) round.push(...shuffle(wanted))
      const fault = round.pop()
      if (fault === undefined) continue
      if (fault === 'kill a process') await killProcess()
      else circumstances.faults.push(await redis.inject(fault))
      result.faults.push(fault)
      options.onProgress?.({
        seconds: (performance.now() - start) / 1000,
        operations: result.history.length,
        faults: result.faults.length,
      })
    }
    await Promise.all([...workers].map((worker) => worker.call('stop')))
    await Promise.all(runs)
    if (failures[0]) throw failures[0]
    return result
  } finally {
    await Promise.all([...workers].map((worker) => worker.kill()))
    await redis.stop()
    await network.worker.kill()
  }
}
