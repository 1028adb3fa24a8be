import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { connectLocal } from '../../lib/local/client.ts'
import { startDynamoDB } from '../../lib/local/dynamodbServer.ts'
import { findRedisBinary, startRedis } from '../../lib/local/redisServer.ts'
import { freePort } from '../../lib/local/server.ts'
import { createTables } from '../../lib/local/tables.ts'
import { certificateIn } from '../../test/support/certificate.ts'
import { startNetwork } from '../../test/support/network.ts'
import { folderOf, withBefore } from '../cacheAside/engine.ts'
import { atMost, type Measure, median, quantile, round, roundsOf } from '../cacheAside/measured.ts'
import { bundle, functionFiles } from './bundles.ts'
import type { Answered } from './freshSandboxMain.ts'

const starts = roundsOf(100)
const password = 'bench-password'
const names = () => withBefore('getProduct', 'putProduct')

/**
 * The first request of a fresh process, and the first one after it was frozen while Redis closed its connection: through
 * the bundle that is deployed, to a Redis by TLS and a password half a millisecond away. And the first request of a process
 * whose Redis is dead. Everybody in turns.
 */
export const measure: Measure = async (say) => {
  const folder = mkdtempSync(join(tmpdir(), 'aisle-bench-'))
  const certificate = certificateIn(folder)
  const [dynamodb, network, tlsPort] = [await startDynamoDB(), await startNetwork(), await freePort()]
  const args = [...certificate.args, '--tls-port', String(tlsPort), '--requirepass', password]
  const redis = await startRedis({ binary: findRedisBinary() ?? '', args })
  try {
    const [line, silent] = [await network.open(tlsPort), await network.open(tlsPort)]
    await silent.keep('down')
    const [catalog, answers] = await createTables(connectLocal(dynamodb.url))
    const env = {
      ...process.env,
      TABLE_NAME: catalog?.name,
      IDEMPOTENCY_TABLE: answers?.name,
      DYNAMODB_ENDPOINT: dynamodb.url,
      NODE_EXTRA_CA_CERTS: certificate.authorityFile,
    }
    const urlOf = (port: number) => `rediss://:${password}@127.0.0.1:${port}`
    const measured = new Map(names().map((name) => [name, newFigures()]))
    for (const name of names()) {
      const entry = join(folderOf(name), functionFiles[functionOf(name)] ?? '')
      await bundle(join(folder, `${name}.cjs`), { entryPoints: [entry] })
    }
    for (let n = 0; n < starts; n++) {
      say(`round ${n + 1} of ${starts}`)
      for (const name of n % 2 ? names() : names().toReversed()) {
        const figures = measured.get(name) ?? newFigures()
        const file = join(folder, `${name}.cjs`)
        await inSandbox(file, { ...env, REDIS_URL: urlOf(line.port) }, async (sandbox) => {
          figures.first.push(await ask(sandbox, functionOf(name)))
          sandbox.kill('SIGSTOP')
          await line.cut()
          await sleep(10)
          sandbox.kill('SIGCONT')
          figures.thawed.push(await ask(sandbox, functionOf(name)))
        })
        // The first one has everything to make: tables' pages, code in the file cache.
        if (n === 0) Object.assign(figures, newFigures())
        if (n % 5) continue
        const dead = { refused: urlOf(await freePort()), silent: urlOf(silent.port) }
        for (const [how, url] of Object.entries(dead) as ['refused' | 'silent', string][])
          await inSandbox(file, { ...env, REDIS_URL: url }, async (sandbox) => {
            figures[how].push(await ask(sandbox, functionOf(name)))
          })
      }
    }
    return told(measured)
  } finally {
    await Promise.all([redis.stop('SIGKILL'), dynamodb.stop('SIGKILL'), network.worker.kill()])
    rmSync(folder, { recursive: true })
  }
}

const functionOf = (name: string): string => name.split(' ')[0] ?? ''

type Figures = Record<'first' | 'thawed' | 'refused' | 'silent', Answered[]>
const newFigures = (): Figures => ({ first: [], thawed: [], refused: [], silent: [] })

/** Runs a bundle in a process of its own, which ends with this. */
async function inSandbox(
  file: string,
  env: NodeJS.ProcessEnv,
  use: (sandbox: ChildProcess) => Promise<void>,
): Promise<void> {
  const stdio = ['ignore', 'ignore', 'inherit', 'ipc'] as const
  const sandbox = fork(new URL('freshSandboxMain.ts', import.meta.url), [file], { env, stdio: [...stdio] })
  try {
    await once(sandbox, 'message', { signal: AbortSignal.timeout(20_000) })
    await use(sandbox)
  } finally {
    sandbox.kill('SIGKILL')
  }
}

async function ask(sandbox: ChildProcess, name: string): Promise<Answered> {
  const answer = once(sandbox, 'message', { signal: AbortSignal.timeout(20_000) })
  sandbox.send(name)
  const [answered] = (await answer) as [Answered]
  if (answered.statusCode >= 300) throw new Error(`${name} was answered with ${answered.statusCode}`)
  return answered
}

function told(measured: Map<string, Figures>) {
  const past = (answers: Answered[]) =>
    answers.filter(({ cache }) => /bypass|invalidation-deferred/.test(cache)).length
  const half = (answers: Answered[]) => round(median(answers.map(({ ms }) => ms)), 1)
  const tenth = (answers: Answered[]) =>
    round(
      quantile(
        answers.map(({ ms }) => ms),
        0.9,
      ),
      1,
    )
  const demanded = [...measured].filter(([name]) => name === functionOf(name))
  return {
    rows: Object.fromEntries(
      [...measured].map(([name, { first, thawed, refused, silent }]) => [
        name,
        {
          ...{ starts: first.length, 'past Redis': past(first), ms: half(first), 'p90, ms': tenth(first) },
          ...{
            'thawed, past Redis': past(thawed),
            'thawed, ms': half(thawed),
            'thawed, p90, ms': tenth(thawed),
          },
          ...{ 'nobody listens, ms': half(refused), 'nobody answers, ms': half(silent) },
        },
      ]),
    ),
    demands: Object.fromEntries(
      demanded.flatMap(([name, { first, thawed }]) => [
        [`first requests of ${name} past Redis`, atMost(1, past(first))],
        [`thawed requests of ${name} past Redis`, atMost(1, past(thawed))],
      ]),
    ),
  }
}
