import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startDynamoDB } from '../../lib/local/servers/dynamodbServer.ts'
import { answersPing } from '../../lib/local/servers/redisServer.ts'
import { freePort, tryPort } from '../../lib/local/servers/server.ts'
import { projectFolder } from '../../lib/project/folder.ts'
import { lives, ownEnv, runCommand, runScript } from '../support/cli.ts'
import { freshRedis } from '../support/redis.ts'

const commandOf = (pid = 0) => execFileSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' })

/** Checks that a run left nothing behind: no process, no port. */
async function expectNothingLeft(processes: number[], env: Awaited<ReturnType<typeof ownEnv>>) {
  // esbuild ends by itself, a moment after the serverless-offline that it served.
  await expect.poll(() => processes.filter(lives).map(commandOf), { timeout: 2000 }).toEqual([])
  for (const port of [env.PORT, env.AISLE_REDIS_PORT, env.AISLE_DYNAMODB_PORT])
    expect(await tryPort(Number(port))).toBe(Number(port))
}

describe('npm start', () => {
  it('stops all it started on Ctrl-C, keeps the data, and starts again', async () => {
    const env = await ownEnv()
    const price = async () => {
      const answer = await fetch(`http://127.0.0.1:${env.PORT}/products/1`)
      return ((await answer.json()) as { price: { amount: number } }).price.amount
    }

    const first = runCommand('npm', ['start'], env)
    await first.printed(/Ctrl-C stops/)
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
      ...{ cwd: projectFolder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
    })
    expect(pasted.match(/HTTP\/1.1 200 OK/g)).toHaveLength(2)
    expect(await price()).toBe(5390)
    const processes = first.processes()
    expect(processes.length).toBeGreaterThanOrEqual(4)
    // Ctrl-C in a terminal: the whole process group.
    process.kill(-first.pid, 'SIGINT')
    // npm ends as its script does or, by its version, of the signal that it got itself; never before its script.
    expect([0, 'SIGINT']).toContain(await first.ended)
    expect(first.err()).not.toContain('npm error')
    await expectNothingLeft(processes, env)

    const second = runCommand('npm', ['start'], env)
    await second.printed(/Ctrl-C stops/)
    expect(second.out()).not.toContain('sample products')
    expect(await price()).toBe(5390)

    const pid = readFileSync(join(env.AISLE_HOME, 'redis.pid'), 'utf8')
    const other = await ownEnv()
    const rival = await runScript('cli/start.ts', [], { ...other, AISLE_HOME: env.AISLE_HOME })
    expect(rival.code).toBe(1)
    expect(rival.err).toMatch(/^The data in .* are in use by process \d+, .*AISLE_HOME=.*\n$/)
    expect(await price()).toBe(5390)
    expect(readFileSync(join(env.AISLE_HOME, 'redis.pid'), 'utf8')).toBe(pid)

    const rest = second.processes()
    // A supervisor: npm alone is told.
    process.kill(second.pid, 'SIGTERM')
    await second.ended
    await expect.poll(() => rest.filter(lives), { timeout: 10_000 }).toEqual([])
    await expectNothingLeft(rest, env)
  }, 90_000)

  it('leaves a given Redis and DynamoDB as they are, and stops when one of its own ends', async () => {
    const [redis, dynamodb] = await Promise.all([freshRedis(), startDynamoDB()])
    onTestFinished(() => dynamodb.stop('SIGKILL'))
    const client = new Redis(redis.url)
    onTestFinished(() => client.disconnect())
    await client.set('mine', 'still here')
    const env = { ...(await ownEnv()), REDIS_URL: redis.url, DYNAMODB_ENDPOINT: dynamodb.url }

    const start = runCommand(process.execPath, ['cli/start.ts'], env)
    await start.printed(/Ctrl-C stops/)
    expect(start.out()).toContain(`given by REDIS_URL, ${redis.url}`)
    expect(start.out()).toContain(`given by DYNAMODB_ENDPOINT, ${dynamodb.url}`)
    const processes = start.processes()
    expect(commandOf(processes[0])).toContain('offline')
    // More than once: the first read of a cold machine may be too slow for Redis' time limit, and stores nothing.
    const read = () => fetch(`http://127.0.0.1:${env.PORT}/products/1`)
    const keys = async () => (await read()) && client.keys('aisle*')
    await expect.poll(keys, { timeout: 15_000 }).not.toEqual([])

    process.kill(Number(processes[0]), 'SIGKILL')
    expect(await start.ended).toBe(1)
    await expect.poll(() => processes.filter(lives)).toEqual([])
    expect(start.err()).toMatch(/^API ended with SIGKILL; the others are stopped/)
    expect(await answersPing(redis.port)).toBe(true)
    expect(await client.get('mine')).toBe('still here')
    expect(dynamodb.process.exitCode).toBeNull()
  }, 60_000)

  it('stops what it has started so far when Ctrl-C comes before it is ready', async () => {
    const env = { ...(await ownEnv()), PORT: String(await freePort()) }
    const start = runCommand(process.execPath, ['cli/start.ts'], env)
    await start.printed(/^ {2}Redis /m)
    const processes = start.processes()
    process.kill(-start.pid, 'SIGINT')
    expect(await start.ended).toBe(0)
    expect(start.out()).not.toContain('Ready')
    await expectNothingLeft(processes, env)
  }, 30_000)

  it('kills what hangs on the second Ctrl-C', async () => {
    const env = await ownEnv()
    const start = runCommand(process.execPath, ['cli/start.ts'], env)
    await start.printed(/Ctrl-C stops/)
    const processes = start.processes()
    const redis = processes.find((pid) => commandOf(pid).includes('redis-server'))
    if (!redis) throw new Error('It started no Redis')
    process.kill(redis, 'SIGSTOP')
    process.kill(start.pid, 'SIGINT')
    // Twice from one key press, as through npm, is once.
    process.kill(start.pid, 'SIGINT')
    // From when it has heard the first, which on a busy machine is later than it was sent.
    await start.printed(/Stopping/)
    await sleep(1100)
    expect(lives(redis)).toBe(true)
    process.kill(start.pid, 'SIGINT')
    expect(await start.ended).toBe(130)
    await expect.poll(() => processes.filter(lives)).toEqual([])
  })
})
