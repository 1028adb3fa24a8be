import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { findRedisBinary } from '../lib/local/redisServer.ts'
import type { Measure, Measured } from './cacheAside/measured.ts'

/** Runs the measurements of lib/cacheAside; `npm run cache -- --help` says how. */
const names = [
  'hitPath',
  'getMany',
  'roundTrips',
  'oneLoad',
  'staleFill',
  'redisStopped',
  'entryMemory',
  'processMemory',
]

const help = `Measures lib/cacheAside beside a bare Redis client and six cache libraries.

  npm run cache                     all measurements, about 5 minutes; writes results/cacheAside.json
  npm run cache -- --only NAME      one of them; may be given several times; writes nothing
  npm run cache -- --help

  NAME: ${names.join(', ')}

Needs valkey-server or redis-server on PATH. Leave the machine alone meanwhile.`

const results = new URL('results/cacheAside.json', import.meta.url)

async function main() {
  const { values } = parseArgs({
    options: { only: { type: 'string', multiple: true }, help: { type: 'boolean' } },
  })
  if (values.help) return console.log(help)
  const chosen = values.only ?? names
  const unknown = chosen.find((name) => !names.includes(name))
  if (unknown) throw new Error(`No measurement is called ${unknown}; there are ${names.join(', ')}`)

  const measured: Record<string, Measured> = {}
  for (const name of chosen) {
    const begun = performance.now()
    console.log(`\n${name}`)
    const { measure }: { measure: Measure } = await import(`./cacheAside/${name}.ts`)
    try {
      const found = await measure(progress)
      progress('')
      measured[name] = found
      console.table(found.rows)
      for (const [what, value] of Object.entries(found.notes ?? {})) console.log(`${what}: ${value}`)
      console.log(`${name} took ${Math.round((performance.now() - begun) / 1000)} s`)
    } catch (error) {
      progress('')
      console.error(`${name} failed: ${error instanceof Error ? error.stack : error}`)
      process.exitCode = 1
    }
  }
  const demands = Object.assign({}, ...Object.values(measured).map((found) => found.demands))
  console.log('\nWhat is demanded')
  console.table(demands)
  if (process.exitCode || values.only) return console.log('results/cacheAside.json stays as it was.')
  mkdirSync(new URL('.', results), { recursive: true })
  writeFileSync(results, `${JSON.stringify({ ...about(), ...measured }, null, 2)}\n`)
  console.log('Written to results/cacheAside.json')
}

/** On what all of it was measured. */
function about() {
  const { dependencies } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'))
  return {
    date: new Date().toISOString(),
    node: process.version,
    redis: execFileSync(findRedisBinary() ?? '', ['--version'], { encoding: 'utf8' }).trim(),
    cpu: `${cpus().length} x ${cpus()[0]?.model}`,
    libraries: dependencies,
  }
}

/** One line on a terminal that changes; nothing elsewhere. */
function progress(what: string) {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${what}`)
}

// By way of `exit`, where the servers that run are ended.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))
await main().catch((error: Error) => {
  console.error(`${error.message}\n\n${help}`)
  process.exitCode = 2
})
