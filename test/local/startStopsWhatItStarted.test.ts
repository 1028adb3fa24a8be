import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startDynamoDB } from '../../lib/local/servers/dynamodbServer.ts'
import { freePort, isPortFree } from '../../lib/local/servers/ports.ts'
import { answersPing } from '../../lib/local/servers/redisServer.ts'
import { projectDirectory } from '../../lib/project/projectDirectory.ts'
import { isolatedEnv, isRunning, runCommand, runScript } from '../support/cli.ts'
import { freshRedis } from '../support/redis.ts'

const getCommand = (pid = 0) => execFileSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' })

/** Checks that a run left no process behind, and that its ports are free. */
async function expectNothingLeft(processes: number[], env: Awaited<ReturnType<typeof isolatedEnv>>) {
  // esbuild ends by itself, shortly after the serverless-offline that started it.
  await expect.poll(() => processes.filter(isRunning).map(getCommand), { timeout: 2000 }).toEqual([])
  for (const port of [env.PORT, env.AISLE_REDIS_PORT, env.AISLE_DYNAMODB_PORT])
    expect(await isPortFree(Number(port))).toBe(true)
}

describe('npm start', () => {
  it('stops every server that it started on Ctrl-C, keeps the data, and can start again', async () => {
    const env = await isolatedEnv()
    const price = async () => {
      const answer = await fetch(`http://127.0.0.1:${env.PORT}/products/1`)
      return ((await answer.json()) as { price: { amount: number } }).price.amount
    }

    const first = runCommand('npm', ['start'], env)
    await first.waitForOutput(/Ctrl-C stops/)
    expect(await price()).toBe(5490)
    const lines = first
      .out()
      .split('\n')
      .flatMap((line) => /^ {2}((?:TOKEN=|curl).*)$/.exec(line)?.[1] ?? [])
    expect(lines).toHaveLength(3)
    expect(first.out()).toContain(
      `export REDIS_URL=redis://127.0.0.1:${env.AISLE_REDIS_PORT} DYNAMODB_ENDPOINT=http://127.0.0.1:${env.AISLE_DYNAMODB_PORT}`,
    )
    const pasted = execFileSync('sh', ['-ec', lines.join('\n')], {
      ...{ cwd: projectDirectory, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
    })
    expect(pasted.match(/HTTP\/1.1 200 OK/g)).toHaveLength(2)
    expect(await price()).toBe(5390)
    const processes = first.processes()
    expect(processes.length).toBeGreaterThanOrEqual(4)
    // Ctrl-C in a terminal signals the whole process group.
    process.kill(-first.pid, 'SIGINT')
    // npm ends with its script's exit code or, in some versions, with the signal. It never ends before its script.
    expect([0, 'SIGINT']).toContain(await first.ended)
    expect(first.err()).not.toContain('npm error')
    await expectNothingLeft(processes, env)

    const second = runCommand('npm', ['start'], env)
    await second.waitForOutput(/Ctrl-C stops/)
    expect(second.out()).not.toContain('sample products')
    expect(await price()).toBe(5390)

    const pid = readFileSync(join(env.AISLE_HOME, 'redis.pid'), 'utf8')
    const other = await isolatedEnv()
    const rival = await runScript('cli/start.ts', [], { ...other, AISLE_HOME: env.AISLE_HOME })
    expect(rival.code).toBe(1)
    const holder = /^The data in .* is in use by `npm start`, process (\d+)\. .*AISLE_HOME=.*\n$/.exec(
      rival.err,
    )?.[1]
    // Stopping this process stops its servers. Stopping the database would end the other start with an error.
    expect(getCommand(Number(holder))).toContain('cli/start.ts')
    expect(await price()).toBe(5390)
    expect(readFileSync(join(env.AISLE_HOME, 'redis.pid'), 'utf8')).toBe(pid)

    const rest = second.processes()
    // A supervisor signals only npm.
    process.kill(second.pid, 'SIGTERM')
    await second.ended
    await expect.poll(() => rest.filter(isRunning), { timeout: 10_000 }).toEqual([])
    await expectNothingLeft(rest, env)
  }, 90_000)

  it('stops if one of its own servers ends, and leaves the servers that the environment names alone', async () => {
    const [redis, dynamodb] = await Promise.all([freshRedis(), startDynamoDB()])
    onTestFinished(() => dynamodb.stop('SIGKILL'))
    const client = new Redis(redis.url)
    onTestFinished(() => client.disconnect())
    await client.set('mine', 'still here')
    const env = { ...(await isolatedEnv()), REDIS_URL: redis.url, DYNAMODB_ENDPOINT: dynamodb.url }

    const start = runCommand(process.execPath, ['cli/start.ts'], env)
    await start.waitForOutput(/Ctrl-C stops/)
    expect(start.out()).toContain(`set by REDIS_URL, ${redis.url}`)
    expect(start.out()).toContain(`set by DYNAMODB_ENDPOINT, ${dynamodb.url}`)
    const processes = start.processes()
    expect(getCommand(processes[0])).toContain('offline')
    // Several reads, because the first read on a cold machine can exceed the timeout for Redis and store nothing.
    const read = () => fetch(`http://127.0.0.1:${env.PORT}/products/1`)
    const keys = async () => (await read()) && client.keys('aisle*')
    await expect.poll(keys, { timeout: 15_000 }).not.toEqual([])

    process.kill(Number(processes[0]), 'SIGKILL')
    expect(await start.ended).toBe(1)
    await expect.poll(() => processes.filter(isRunning)).toEqual([])
    expect(start.err()).toMatch(/^API ended with SIGKILL\. The other servers are stopped/)
    expect(await answersPing(redis.port)).toBe(true)
    expect(await client.get('mine')).toBe('still here')
    expect(dynamodb.process.exitCode).toBeNull()
  }, 60_000)

  it('stops the servers that it has started so far if Ctrl-C comes before it is ready', async () => {
    const env = { ...(await isolatedEnv()), PORT: String(await freePort()) }
    const start = runCommand(process.execPath, ['cli/start.ts'], env)
    await start.waitForOutput(/^ {2}Redis /m)
    const processes = start.processes()
    process.kill(-start.pid, 'SIGINT')
    expect(await start.ended).toBe(0)
    expect(start.out()).not.toContain('Ready')
    await expectNothingLeft(processes, env)
  }, 30_000)

  it('kills a hanging server on the second Ctrl-C', async () => {
    const env = await isolatedEnv()
    const start = runCommand(process.execPath, ['cli/start.ts'], env)
    await start.waitForOutput(/Ctrl-C stops/)
    const processes = start.processes()
    const redis = processes.find((pid) => getCommand(pid).includes('redis-server'))
    if (!redis) throw new Error('npm start did not start a Redis')
    process.kill(redis, 'SIGSTOP')
    process.kill(start.pid, 'SIGINT')
    // Two signals from one key press, as npm causes them, count as one.
    process.kill(start.pid, 'SIGINT')
    // Counts from when npm start handles the first signal, which can be late on a busy machine.
    await start.waitForOutput(/Stopping/)
    await sleep(1100)
    expect(isRunning(redis)).toBe(true)
    process.kill(start.pid, 'SIGINT')
    expect(await start.ended).toBe(130)
    await expect.poll(() => processes.filter(isRunning)).toEqual([])
  })
})
