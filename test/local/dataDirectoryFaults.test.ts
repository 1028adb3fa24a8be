import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { identify } from '../../lib/local/servers/processIdentity.ts'
import { beginRun } from '../../lib/local/servers/runRecord.ts'
import { findServices } from '../../lib/local/servers/services.ts'
import { projectDirectory } from '../../lib/project/projectDirectory.ts'
import { freshDirectory, isolatedEnv, runScript } from '../support/cli.ts'

/**
 * Runs lines of a module in a process that can create files and directories, but cannot write a byte to one. A full disk
 * does the same. Returns what the lines print.
 */
function runOnFullDisk(lines: string): string {
  const limit = 'ulimit -f 0; exec "$0" --input-type=module-typescript --eval "$1"'
  const options = { cwd: projectDirectory, encoding: 'utf8' } as const
  return execFileSync('sh', ['-c', limit, process.execPath, lines], options).trim()
}
const attempt = (call: string) => `try { await ${call} } catch (error) { console.log(String(error)) }`

describe('on a full disk', () => {
  it('the data directory counts as not writable, and nothing is left in it', () => {
    const directory = freshDirectory()
    const printed = runOnFullDisk(
      `import { tokenKey } from './lib/local/tokenKey.ts'\n${attempt(`tokenKey('${directory}')`)}`,
    )
    expect(printed).toBe(
      `SetupError: Cannot write to the directory ${directory} (EFBIG). Free some space there, or choose another directory: AISLE_HOME=/some/directory`,
    )
    expect(readdirSync(directory)).toEqual([])
  })

  it('a run is refused with one line, and neither its record nor its draft is left', () => {
    const directory = freshDirectory()
    const printed = runOnFullDisk(
      `import { beginRun } from './lib/local/servers/runRecord.ts'\n${attempt(`beginRun('${directory}', console.log)`)}`,
    )
    expect(printed).toMatch(
      /^SetupError: Cannot write \S+\/run-\d+\.json \(EFBIG\)\. Free some space there, /,
    )
    expect(readdirSync(directory)).toEqual([])
  })
})

it('a run whose record cannot be written any more says so once and goes on', async () => {
  const directory = join(freshDirectory(), 'home')
  mkdirSync(directory)
  const printed: string[] = []
  const record = await beginRun(directory, (line) => printed.push(line))
  renameSync(directory, `${directory}.moved`)
  await record.addServer('Redis', process.pid)
  await record.addServer('DynamoDB Local', process.pid)
  record.addContainers(['valkey'])
  expect(printed).toEqual([
    `Cannot write ${directory}/run-${process.pid}.json (ENOENT). If this npm start is killed (kill -9), the next one does not find what it started`,
  ])
  renameSync(`${directory}.moved`, directory)
  record.removeContainers(['valkey'])
  record.release()
  expect(readdirSync(directory)).toEqual([])
})

describe('a record of an earlier run', () => {
  it.each([
    ['that is empty', ''],
    ['that is damaged', '{"owner":'],
    ['without an owner', '{"owner":{"pid":-1},"servers":[],"containers":[]}'],
  ])('%s is removed with a line', async (_, text) => {
    const directory = freshDirectory()
    writeFileSync(join(directory, 'run-99999999.json'), text)
    const printed: string[] = []
    const record = await beginRun(directory, (line) => printed.push(line))
    record.release()
    expect(printed).toEqual([
      `Removed ${directory}/run-99999999.json, because it is damaged. If that npm start was killed, its servers may still run`,
    ])
    expect(readdirSync(directory)).toEqual([])
  })

  it('is used without its entries that are not valid', async () => {
    const directory = freshDirectory()
    const sleeper = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
    onTestFinished(() => void sleeper.kill('SIGKILL'))
    const redis = { name: 'Redis', pid: sleeper.pid, identity: await identify(sleeper.pid ?? 0) }
    const run = {
      owner: { pid: 99999999 },
      servers: [null, 7, { name: 'X', pid: -1, identity: 'x' }, { pid: 1 }, redis],
      containers: [null, 'valkey'],
    }
    writeFileSync(join(directory, 'run-99999999.json'), JSON.stringify(run))
    const printed: string[] = []
    const record = await beginRun(directory, (line) => printed.push(line))
    expect(printed).toEqual([
      `An earlier npm start (process 99999999) was killed. Stopping what it left: Redis (process ${sleeper.pid})`,
    ])
    expect(record.containers).toEqual(['valkey'])
    record.removeContainers(['valkey'])
    record.release()
  })

  it('is never seen half written by another start', async () => {
    const directory = freshDirectory()
    const record = await beginRun(directory, () => {})
    const reader = spawn(
      process.execPath,
      [
        '--eval',
        `const { readFileSync } = require('node:fs'); process.stdout.write('ready')
         for (;;) try { JSON.parse(readFileSync(process.argv[1], 'utf8')) } catch (error) { console.log(String(error)); process.exit(1) }`,
        join(directory, `run-${process.pid}.json`),
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    onTestFinished(() => void reader.kill('SIGKILL'))
    let out = ''
    reader.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text
    })
    await expect.poll(() => out).toBe('ready')
    const names = Array.from({ length: 200 }, (_, index) => `service-${index}`)
    for (let round = 0; round < 20; round++) {
      for (let index = 0; index < 20; index++) record.addContainers([names[round * 10 + (index % 10)] ?? ''])
      await sleep(1)
    }
    record.removeContainers(names)
    expect(out).toBe('ready')
    reader.kill('SIGKILL')
    record.release()
  })
})

describe('the containers of a killed npm start', () => {
  const left = ['valkey', 'dynamodb']
  function leave(directory: string): void {
    const owner = { pid: 99999999, identity: 'has ended' }
    writeFileSync(join(directory, 'run-2.json'), JSON.stringify({ owner, servers: [], containers: left }))
  }
  const readContainers = (directory: string) =>
    readdirSync(directory).map((name) => JSON.parse(readFileSync(join(directory, name), 'utf8')).containers)

  it('stay on record until they are stopped, and are named, even if the next start fails', async () => {
    const directory = freshDirectory()
    leave(directory)
    const env = await isolatedEnv()
    for (const _ of ['once', 'again']) {
      const printed: string[] = []
      const print = (line: string) => printed.push(line)
      const record = await beginRun(directory, print)
      const options = { dataDirectory: directory, print, signal: new AbortController().signal, record }
      await expect(
        findServices({ ...options, env: { ...env, REDIS_URL: 'redis://127.0.0.1:1' } }),
      ).rejects.toThrow('no Redis answers there')
      record.release()
      expect(printed).toEqual([
        'An earlier npm start left containers: valkey, dynamodb. The next start that uses them stops them at its end. To stop them yourself: docker compose stop valkey dynamodb',
      ])
      expect(readContainers(directory)).toEqual([left])
    }
  })

  it('stay on record if npm start refuses to run', async () => {
    const env = { ...(await isolatedEnv()), AISLE_HOME: freshDirectory(), REDIS_URL: 'redis://127.0.0.1:1' }
    leave(env.AISLE_HOME)
    const { code, out } = await runScript('cli/start.ts', [], env)
    expect(code).toBe(1)
    expect(out).toContain('left containers: valkey, dynamodb')
    const names = readdirSync(env.AISLE_HOME).filter((name) => name.startsWith('run-'))
    expect(
      names.map((name) => JSON.parse(readFileSync(join(env.AISLE_HOME, name), 'utf8')).containers),
    ).toEqual([left])
  })
})
