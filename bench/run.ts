import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { findRedisBinary } from '../lib/local/redisServer.ts'
import type { Measure, Measured } from './cacheAside/measured.ts'

export interface Measurements {
  /** Where they lie, a file each; the results have its name. */
  folder: string
  names: string[]
  /** One sentence for the help. */
  about: string
  /** How long all of them take, about. */
  minutes: number
}

/** Runs the measurements that the command line asks for, prints what they found, and writes it if all went well. */
export async function measureAll(measurements: Measurements): Promise<void> {
  // By way of `exit`, where the servers that run are ended.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))
  const help = helpOf(measurements)
  try {
    const { values } = parseArgs({
      options: { only: { type: 'string', multiple: true }, help: { type: 'boolean' } },
    })
    if (values.help) console.log(help)
    else await run(measurements, values.only)
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${help}`)
    process.exitCode = 2
  }
}

const helpOf = ({ folder, names, about, minutes }: Measurements) => `${about}

  node ${folder}.ts                  all measurements, about ${minutes} minutes; writes results/${folder}.json
  node ${folder}.ts --only NAME      one of them; may be given several times; writes nothing
  node ${folder}.ts --help

  NAME: ${names.join(', ')}

Needs valkey-server or redis-server on PATH. Leave the machine alone meanwhile.`

async function run({ folder, names }: Measurements, only: string[] | undefined): Promise<void> {
  const chosen = only ?? names
  const unknown = chosen.find((name) => !names.includes(name))
  if (unknown) throw new Error(`No measurement is called ${unknown}; there are ${names.join(', ')}`)

  const measured: Record<string, Measured> = {}
  for (const name of chosen) {
    const begun = performance.now()
    console.log(`\n${name}`)
    const { measure }: { measure: Measure } = await import(`./${folder}/${name}.ts`)
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
  const results = new URL(`results/${folder}.json`, import.meta.url)
  if (process.exitCode || only) return console.log(`results/${folder}.json stays as it was.`)
  mkdirSync(new URL('.', results), { recursive: true })
  writeFileSync(results, `${JSON.stringify({ ...about(), ...measured }, null, 2)}\n`)
  console.log(`Written to results/${folder}.json`)
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
