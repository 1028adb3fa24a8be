import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { findRedisBinary } from '../lib/local/servers/redisServer.ts'
import { beforeCommit, beforeVariable } from './cacheAside/engine.ts'
import { type Measure, type Measured, quickVariable } from './cacheAside/measured.ts'

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
      options: {
        only: { type: 'string', multiple: true },
        runs: { type: 'string', default: '1' },
        before: { type: 'string' },
        quick: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    })
    if (values.help) console.log(help)
    else await run(measurements, values)
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${help}`)
    process.exitCode = 2
  }
}

const helpOf = ({ folder, names, about, minutes }: Measurements) => `${about}

  node ${folder}.ts                  all measurements, about ${minutes} minutes; writes results/${folder}.json
  node ${folder}.ts --runs N         all of them N times, one run after the other; each run is written
  node ${folder}.ts --before FOLDER  another checkout of this project, with its node_modules, takes turns with this one
  node ${folder}.ts --only NAME      one of them; may be given several times; writes nothing
  node ${folder}.ts --quick          few rounds, to see that all of it works; the figures say little; writes nothing
  node ${folder}.ts --help

  NAME: ${names.join(', ')}

Needs valkey-server or redis-server on PATH. Leave the machine alone meanwhile.`

interface Wanted {
  only?: string[] | undefined
  runs: string
  before?: string | undefined
  quick?: boolean | undefined
}

async function run({ folder, names }: Measurements, { only, runs, before, quick }: Wanted): Promise<void> {
  const chosen = only ?? names
  const unknown = chosen.find((name) => !names.includes(name))
  if (unknown) throw new Error(`No measurement is called ${unknown}; there are ${names.join(', ')}`)
  if (!/^[1-9]\d?$/.test(runs)) throw new Error(`--runs is ${runs}: use a number from 1 to 99`)
  if (before !== undefined) process.env[beforeVariable] = resolve(before)
  if (quick) process.env[quickVariable] = 'yes'
  const commit = before === undefined ? {} : { before: beforeCommit(before) }

  const measured: Record<string, Measured>[] = []
  for (let n = 1; n <= Number(runs); n++) {
    if (Number(runs) > 1) console.log(`\nRun ${n} of ${runs}`)
    measured.push(await runOnce(folder, chosen))
  }
  const results = new URL(`results/${folder}.json`, import.meta.url)
  if (process.exitCode || only || quick) return console.log(`results/${folder}.json stays as it was.`)
  mkdirSync(new URL('.', results), { recursive: true })
  writeFileSync(results, `${JSON.stringify({ ...about(), ...commit, runs: measured }, null, 2)}\n`)
  console.log(`Written to results/${folder}.json`)
}

async function runOnce(folder: string, names: string[]): Promise<Record<string, Measured>> {
  const measured: Record<string, Measured> = {}
  for (const name of names) {
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
  return measured
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
