import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { connectLocal } from '../../lib/local/servers/client.ts'
import { startDynamoDB } from '../../lib/local/servers/dynamodbServer.ts'
import { freePort } from '../../lib/local/servers/server.ts'
import { createTables } from '../../lib/local/servers/tables.ts'
import { startNetwork } from '../../test/support/network.ts'
import { folderOf, withBefore } from '../cacheAside/engine.ts'
import { atMost, exactly, type Measure, median, quantile, round, roundsOf } from '../cacheAside/measured.ts'
import { bundle, functionFiles } from '../http/bundles.ts'
import type { Answered } from './freshSandboxMain.ts'
import { type Quota, quotaOf } from './quota.ts'
import { startServerlessCache } from './serverlessCache.ts'

/** One more than count: the first of each has everything to make, tables' pages and code in the file cache. */
const rounds = roundsOf(101)
/** What Lambda gives 512 MB, of one processor. */
const share = 0.29

/** A contender: a function's bundle, of this checkout or the other, at a full processor or at a part of one. */
interface Contender {
  name: string
  bundled: string
  functionName: string
  quota: Quota | undefined
  figures: Figures
}

type Figures = Record<'first' | 'thawed' | 'refused' | 'silent', Answered[]>

/**
 * The first request of a fresh process, and the first one after it was frozen while the cache closed its connections:
 * through the bundle that is deployed, to a cache as the template has it. And the first request of a process whose cache is
 * dead. Everybody in turns, at a full processor, and with a quota that is set when the import has ended.
 */
export const measure: Measure = async (say) => {
  const folder = mkdtempSync(join(tmpdir(), 'aisle-bench-'))
  const [dynamodb, network, quota] = [await startDynamoDB(), await startNetwork(), quotaOf(share)]
  if (!quota) say(`no control group can be made here: ${share} of a processor is not measured`)
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
    const contenders: Contender[] = []
    for (const bundled of withBefore('putProduct', 'getProduct')) {
      const functionName = bundled.split(' ')[0] ?? ''
      const entry = join(folderOf(bundled), functionFiles[functionName] ?? '')
      await bundle(join(folder, `${bundled}.cjs`), { entryPoints: [entry] })
      for (const each of quota ? [undefined, quota] : [undefined]) {
        const name = each ? `${bundled}, ${share} of a processor` : bundled
        const figures = { first: [], thawed: [], refused: [], silent: [] }
        contenders.push({ name, bundled, functionName, quota: each, figures })
      }
    }
    const start = (contender: Contender, port: number, use: (sandbox: ChildProcess) => Promise<void>) =>
      inSandbox(
        join(folder, `${contender.bundled}.cjs`),
        { ...env, REDIS_URL: cache.urlOf(port) },
        contender.quota,
        use,
      )
    for (let n = 0; n < rounds; n++) {
      say(`round ${n + 1} of ${rounds}`)
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
    return told(contenders, cache.refused())
  } finally {
    await Promise.all([cache.stop(), dynamodb.stop('SIGKILL'), network.worker.kill()])
    await quota?.end()
    rmSync(folder, { recursive: true })
  }
}

/** Runs a bundle in a process of its own, which ends with this. */
async function inSandbox(
  file: string,
  env: NodeJS.ProcessEnv,
  quota: Quota | undefined,
  use: (sandbox: ChildProcess) => Promise<void>,
): Promise<void> {
  const stdio = ['ignore', 'ignore', 'inherit', 'ipc'] as const
  const sandbox = fork(new URL('freshSandboxMain.ts', import.meta.url), [file], { env, stdio: [...stdio] })
  const ended = once(sandbox, 'exit')
  try {
    await once(sandbox, 'message', { signal: AbortSignal.timeout(20_000) })
    if (sandbox.pid) quota?.hold(sandbox.pid)
    await use(sandbox)
  } finally {
    sandbox.kill('SIGKILL')
    await ended
  }
}

async function ask(sandbox: ChildProcess, name: string): Promise<Answered> {
  const answer = once(sandbox, 'message', { signal: AbortSignal.timeout(20_000) })
  sandbox.send(name)
  const [answered] = (await answer) as [Answered]
  if (answered.statusCode >= 300) throw new Error(`${name} was answered with ${answered.statusCode}`)
  return answered
}

function told(contenders: Contender[], refused: number) {
  const past = (answers: Answered[]) =>
    answers.filter(({ cache }) => /bypass|invalidation-deferred/.test(cache)).length
  const ms = (answers: Answered[], part = 0.5) => {
    const all = answers.map((each) => each.ms)
    return round(part === 0.5 ? median(all) : quantile(all, part), 1)
  }
  const rows = contenders.map(({ name, figures: { first, thawed, refused: nobody, silent } }) => [
    name,
    {
      ...{ starts: first.length, 'past Redis': past(first), ms: ms(first), 'p90, ms': ms(first, 0.9) },
      ...{ 'thawed, past Redis': past(thawed), 'thawed, ms': ms(thawed), 'thawed, p90, ms': ms(thawed, 0.9) },
      ...{ 'nobody listens, ms': ms(nobody), 'nobody answers, ms': ms(silent) },
    },
  ])
  const demands = contenders
    .filter(({ bundled, functionName }) => bundled === functionName)
    .flatMap(({ name, figures: { first, thawed } }) => [
      [`first requests of ${name} past Redis`, atMost(1, past(first))],
      [`thawed requests of ${name} past Redis`, atMost(1, past(thawed))],
    ])
  return {
    rows: Object.fromEntries(rows),
    demands: { ...Object.fromEntries(demands), 'tokens that were refused': exactly(0, refused) },
  }
}
