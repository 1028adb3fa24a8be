import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { beforeVariable, commitOf } from './checkouts.ts'
import { type Measure, type Measured, quickVariable } from './measurement.ts'
import { writeResults } from './results.ts'
import { requireRedisBinary } from './servers.ts'

/** Measurements that one command runs. */
export interface Suite {
  /** The name of the command, of the directory with a file for each measurement, and of the results. */
  name: string
  measurements: string[]
  /** One sentence for the help. */
  summary: string
  /** About how long all measurements together take. */
  minutes: number
}

/**
 * Runs the measurements that the command line asks for and prints the results. Writes the results if nothing failed.
 */
export async function runSuite(suite: Suite): Promise<void> {
  // Servers that are still running are killed when this process exits. A signal alone would not run that code.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))
  const help = helpOf(suite)
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
    else await run(suite, values)
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${help}`)
    process.exitCode = 2
  }
}

const helpOf = ({ name, measurements, summary, minutes }: Suite) => `${summary}

  node ${name}.ts                     run all measurements, about ${minutes} minutes, and write results/${name}.json
  node ${name}.ts --runs N            run all of them N times, one after the other, and write every run
  node ${name}.ts --before DIRECTORY  compare with another checkout of this project, which needs its node_modules:
                                      the two take turns
  node ${name}.ts --only NAME         run one measurement and write nothing; may be given several times
  node ${name}.ts --quick             check with few rounds that everything works; the figures mean little; write
                                      nothing
  node ${name}.ts --help              print this help

  NAME: ${measurements.join(', ')}

Needs valkey-server or redis-server on PATH. Run nothing else on the machine at the same time.`

interface Options {
  only?: string[] | undefined
  runs: string
  before?: string | undefined
  quick?: boolean | undefined
}

async function run({ name, measurements }: Suite, { only, runs, before, quick }: Options): Promise<void> {
  const chosen = only ?? measurements
  const unknown = chosen.find((each) => !measurements.includes(each))
  if (unknown) throw new Error(`No measurement is called ${unknown}. Use one of ${measurements.join(', ')}`)
  if (!/^[1-9]\d?$/.test(runs)) throw new Error(`--runs is ${runs}. Use a number from 1 to 99`)
  if (before !== undefined) process.env[beforeVariable] = resolve(before)
  if (quick) process.env[quickVariable] = 'yes'
  const commit = before === undefined ? {} : { before: commitOf(before) }

  const measured: Record<string, Measured>[] = []
  for (let n = 1; n <= Number(runs); n++) {
    if (Number(runs) > 1) console.log(`\nRun ${n} of ${runs}`)
    measured.push(await runOnce(name, chosen))
  }
  if (process.exitCode || only || quick) return console.log(`results/${name}.json is unchanged.`)
  writeResults(name, { ...describeMachine(), ...commit, runs: measured })
  console.log(`Wrote results/${name}.json`)
}

async function runOnce(suite: string, names: string[]): Promise<Record<string, Measured>> {
  const measured: Record<string, Measured> = {}
  for (const name of names) {
    const begun = performance.now()
    console.log(`\n${name}`)
    const { measure }: { measure: Measure } = await import(`../${suite}/${name}.ts`)
    try {
      const result = await measure(showProgress)
      showProgress('')
      measured[name] = result
      console.table(result.rows)
      for (const [what, value] of Object.entries(result.notes ?? {})) console.log(`${what}: ${value}`)
      console.log(`${name} took ${Math.round((performance.now() - begun) / 1000)} s`)
    } catch (error) {
      showProgress('')
      console.error(`${name} failed: ${error instanceof Error ? error.stack : error}`)
      process.exitCode = 1
    }
  }
  const demands = Object.assign({}, ...Object.values(measured).map((result) => result.demands))
  console.log('\nTargets')
  console.table(demands)
  return measured
}

/** Returns the date, the machine and the versions of the software, for the results. */
function describeMachine() {
  const { dependencies } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  return {
    date: new Date().toISOString(),
    node: process.version,
    redis: execFileSync(requireRedisBinary(), ['--version'], { encoding: 'utf8' }).trim(),
    cpu: `${cpus().length} x ${cpus()[0]?.model}`,
    libraries: dependencies,
  }
}

/** Shows the progress in one line of a terminal, in place of the last one. Prints nothing elsewhere. */
function showProgress(progress: string) {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${progress}`)
}
