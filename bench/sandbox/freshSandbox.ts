import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { connectLocal } from '../../lib/local/servers/client.ts'
import { createTables } from '../../lib/local/servers/createTables.ts'
import { startDynamoDB } from '../../lib/local/servers/dynamodbServer.ts'
import { freePort } from '../../lib/local/servers/ports.ts'
import { startNetwork } from '../../test/support/network.ts'
import { bundle, functionFiles } from '../http/bundles.ts'
import { checkoutOf, withBefore } from '../support/checkouts.ts'
import { atMost, exactly, type Measure, type Measured, roundsOf } from '../support/measurement.ts'
import { quantile, round } from '../support/statistics.ts'
import { withTemporaryDirectory } from '../support/temporaryDirectory.ts'
import { type CpuQuota, createCpuQuota } from './cpuQuota.ts'
import type { Answered } from './sandboxMain.ts'
import { startServerlessCache } from './serverlessCache.ts'

/** The first round does not count: the tables have no pages yet, and the code is not in the file cache. */
const rounds = roundsOf(101)
/** The part of one processor that Lambda gives a function with 512 MB. */
const cpuShare = 0.29

/** A function's bundle of this checkout or the other, at a full processor or with a quota. */
interface Contender {
  name: string
  /** The name of the bundle, that is the function's name, with ` before` for the other checkout. */
  bundled: string
  functionName: string
  quota: CpuQuota | undefined
  figures: Figures
}

type Figures = Record<'first' | 'thawed' | 'refused' | 'silent', Answered[]>

/**
 * Measures the first request of a fresh process, and the first request after the process was frozen while the cache closed
 * its connections. Each goes through the bundle that is deployed, to a cache as the template describes it. Also measures
 * the first request of a process whose cache is dead. The contenders take turns, at a full processor and with a quota that
 * begins once the process has imported its bundle.
 */
export const measure: Measure = (report) =>
  withTemporaryDirectory(async (directory) => {
    const [dynamodb, network, quota] = [await startDynamoDB(), await startNetwork(), createCpuQuota(cpuShare)]
    if (!quota) report(`not measured with ${cpuShare} of a processor: cannot create a control group`)
    const [catalog, answers] = await createTables(connectLocal(dynamodb.url))
    const cache = await startServerlessCache(network, catalog?.name ?? '')
    try {
      const env = {
        ...process.env,
        ...cache.env,
        TABLE_NAME: catalog?.name,
        IDEMPOTENCY_TABLE: answers?.name,
        DYNAMODB_ENDPOINT: dynamodb.url,
      }
      const fileOf = (bundled: string) => join(directory, `${bundled}.cjs`)
      const contenders = await bundleContenders(fileOf, quota)
      const start = (contender: Contender, port: number, use: (sandbox: ChildProcess) => Promise<void>) =>
        withSandbox(fileOf(contender.bundled), { ...env, REDIS_URL: cache.urlOf(port) }, contender.quota, use)
      for (let n = 0; n < rounds; n++) {
        report(`round ${n + 1} of ${rounds}`)
        for (const contender of n % 2 ? contenders.toReversed() : contenders) {
          const { figures, functionName } = contender
          await start(contender, cache.line.port, async (sandbox) => {
            figures.first.push(await ask(sandbox, functionName))
            sandbox.kill('SIGSTOP')
            await cache.line.cut()
            await sleep(10)
            sandbox.kill('SIGCONT')
            figures.thawed.push(await ask(sandbox, functionName))
          })
          if (n === 0) for (const answered of Object.values(figures)) answered.length = 0
          if (n % 5) continue
          const dead = { refused: await freePort(), silent: cache.silent.port }
          for (const [how, port] of Object.entries(dead) as ['refused' | 'silent', number][])
            await start(contender, port, async (sandbox) => {
              figures[how].push(await ask(sandbox, functionName))
            })
        }
      }
      return summarize(contenders, cache.countRefused())
    } finally {
      await Promise.all([cache.stop(), dynamodb.stop('SIGKILL'), network.worker.kill()])
      await quota?.end()
    }
  })

/** Bundles the functions of each checkout. Returns each at a full processor, and with the quota if there is one. */
async function bundleContenders(
  fileOf: (bundled: string) => string,
  quota: CpuQuota | undefined,
): Promise<Contender[]> {
  const contenders: Contender[] = []
  for (const bundled of withBefore('putProduct', 'getProduct')) {
    const functionName = bundled.split(' ')[0] ?? ''
    const entry = join(checkoutOf(bundled), functionFiles[functionName] ?? '')
    await bundle(fileOf(bundled), { entryPoints: [entry] })
    for (const each of quota ? [undefined, quota] : [undefined]) {
      const name = each ? `${bundled}, ${cpuShare} of a processor` : bundled
      const figures = { first: [], thawed: [], refused: [], silent: [] }
      contenders.push({ name, bundled, functionName, quota: each, figures })
    }
  }
  return contenders
}

/** Runs a bundle in a process of its own, and ends the process after `use`. */
async function withSandbox(
  file: string,
  env: NodeJS.ProcessEnv,
  quota: CpuQuota | undefined,
  use: (sandbox: ChildProcess) => Promise<void>,
): Promise<void> {
  const stdio = ['ignore', 'ignore', 'inherit', 'ipc'] as const
  const sandbox = fork(new URL('sandboxMain.ts', import.meta.url), [file], { env, stdio: [...stdio] })
  const ended = once(sandbox, 'exit')
  try {
    await once(sandbox, 'message', { signal: AbortSignal.timeout(20_000) })
    if (sandbox.pid) quota?.limit(sandbox.pid)
    await use(sandbox)
  } finally {
    sandbox.kill('SIGKILL')
    await ended
  }
}

async function ask(sandbox: ChildProcess, functionName: string): Promise<Answered> {
  const answer = once(sandbox, 'message', { signal: AbortSignal.timeout(20_000) })
  sandbox.send(functionName)
  const [answered] = (await answer) as [Answered]
  if (answered.statusCode >= 300) throw new Error(`${functionName} responded with ${answered.statusCode}`)
  return answered
}

function summarize(contenders: Contender[], refusedTokens: number): Measured {
  const countPast = (answers: Answered[]) =>
    answers.filter(({ cache }) => /bypass|invalidation-deferred/.test(cache)).length
  const ms = (answers: Answered[], share = 0.5) => {
    const all = answers.map((each) => each.ms)
    return round(quantile(all, share), 1)
  }
  const rows = contenders.map(({ name, figures: { first, thawed, refused, silent } }) => [
    name,
    {
      ...{ starts: first.length, 'past Redis': countPast(first), ms: ms(first), 'p90, ms': ms(first, 0.9) },
      'thawed, past Redis': countPast(thawed),
      ...{ 'thawed, ms': ms(thawed), 'thawed, p90, ms': ms(thawed, 0.9) },
      ...{ 'connection refused, ms': ms(refused), 'no answer, ms': ms(silent) },
    },
  ])
  const demands = contenders
    .filter(({ bundled, functionName }) => bundled === functionName)
    .flatMap(({ name, figures: { first, thawed } }) => [
      [`first requests of ${name} past Redis`, atMost(1, countPast(first))],
      [`thawed requests of ${name} past Redis`, atMost(1, countPast(thawed))],
    ])
  return {
    rows: Object.fromEntries(rows),
    demands: { ...Object.fromEntries(demands), 'tokens that were refused': exactly(0, refusedTokens) },
  }
}
