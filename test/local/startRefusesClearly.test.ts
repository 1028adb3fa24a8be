import { spawn, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { claimDirectory } from '../../lib/local/servers/directoryClaim.ts'
import { freePort } from '../../lib/local/servers/ports.ts'
import { addScript, freshDirectory, isolatedEnv, isRunning, pathWith, runScript } from '../support/cli.ts'

/** Starts a process that runs until the test ends. */
function startSleeper() {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
  onTestFinished(() => void child.kill('SIGKILL'))
  return Object.assign(child, { pid: child.pid ?? 0 })
}

/** Runs `npm start` in an environment in which it cannot start. Checks that it prints one line to standard error only. */
async function refusal(env: NodeJS.ProcessEnv): Promise<string> {
  const { code, out, err } = await runScript('cli/start.ts', [], env)
  expect(code).toBe(1)
  expect(out).toBe('')
  expect(err).toMatch(/^[^\n]+\n$/)
  return err.trim()
}

describe('npm start prints one line with the problem and the remedy', () => {
  it('if its port is in use', async () => {
    const port = await freePort()
    const other = createServer().listen(port, '127.0.0.1')
    onTestFinished(() => void other.close())
    expect(await refusal({ ...(await isolatedEnv()), PORT: String(port) })).toBe(
      `Port ${port} is in use. Stop the program that uses it, or choose another port: PORT=${port + 1} npm start`,
    )
  })

  it('if PORT is not a port number', async () => {
    expect(await refusal({ ...(await isolatedEnv()), PORT: '70000' })).toBe(
      'PORT is 70000, but a port is a number from 1 to 65535. Example: PORT=3001 npm start',
    )
  })

  it.each(['AISLE_REDIS_PORT', 'AISLE_DYNAMODB_PORT'])('if %s is not a port number', async (variable) => {
    expect(await refusal({ ...(await isolatedEnv()), [variable]: 'abc' })).toMatch(
      new RegExp(`^${variable} is abc, but a port is a number`),
    )
  })

  it('if an entry of STOREFRONT_ORIGINS is not an origin', async () => {
    const origins = 'http://localhost:5173,shop.example/'
    expect(await refusal({ ...(await isolatedEnv()), STOREFRONT_ORIGINS: origins })).toMatch(
      /^STOREFRONT_ORIGINS: "shop\.example\/" must be an origin such as https:\/\/shop\.example/,
    )
  })

  it('without Java', async () => {
    expect(await refusal(await isolatedEnv(pathWith('redis-server')))).toBe(
      'No working Java found. DynamoDB Local needs Java 17 or newer on PATH. Install it (apt-get install openjdk-17-jre-headless or openjdk-21-jre-headless, dnf install java-21-openjdk-headless), or set DYNAMODB_ENDPOINT',
    )
  })

  it('if Java is too old', async () => {
    const path = pathWith('redis-server')
    addScript(path, 'java', 'echo "openjdk 11.0.22 2024-01-16"')
    const { code, err } = await runScript('cli/start.ts', [], await isolatedEnv(path))
    expect(code).toBe(1)
    expect(err).toMatch(/^Java 11 is too old\. [^\n]*Java 17 or newer[^\n]*\n$/)
  })

  it('if it cannot create the data directory', async () => {
    // Root can write to every directory, but cannot create one below a file.
    const file = join(freshDirectory(), 'file')
    writeFileSync(file, '')
    expect(await refusal({ ...(await isolatedEnv()), AISLE_HOME: join(file, 'home') })).toBe(
      `Cannot write to the directory ${file}/home (ENOTDIR). Make it writable, or choose another directory: AISLE_HOME=/some/directory`,
    )
  })

  it.runIf(process.platform === 'linux').each(['/proc/x', '/proc'])(
    'if no file can be created in the data directory %s',
    async (directory) => {
      expect(await refusal({ ...(await isolatedEnv()), AISLE_HOME: directory })).toMatch(
        /^Cannot write to the directory \/proc\S* \(E\w+\)\. Make it writable, or choose another directory: AISLE_HOME=/,
      )
    },
  )

  it('if the Redis of REDIS_URL does not answer, and keeps its password secret', async () => {
    const url = `redis://:secret@127.0.0.1:${await freePort()}`
    const line = await refusal({ ...(await isolatedEnv()), REDIS_URL: url })
    expect(line).toMatch(
      /^REDIS_URL is redis:\/\/:\*\*\*@127\.0\.0\.1:\d+, but no Redis answers there \(.*ECONNREFUSED/,
    )
    expect(line).toContain('unset it to use the Redis that npm start starts')
  })

  it('if REDIS_URL is not a URL', async () => {
    expect(await refusal({ ...(await isolatedEnv()), REDIS_URL: 'localhost:6379' })).toBe(
      'REDIS_URL must be redis://host:port or redis-cluster://host:port, with rediss instead of redis for TLS. Write every character of a password that is not a letter or digit as %XX. Correct REDIS_URL or unset it',
    )
  })

  it('if the server at DYNAMODB_ENDPOINT does not answer as DynamoDB does', async () => {
    const port = await freePort()
    const silent = createServer().listen(port, '127.0.0.1')
    onTestFinished(() => void silent.close())
    const line = await refusal({ ...(await isolatedEnv()), DYNAMODB_ENDPOINT: `http://127.0.0.1:${port}` })
    expect(line).toContain(`DYNAMODB_ENDPOINT is http://127.0.0.1:${port}, but no DynamoDB answers there`)
  })
})

it('without a Redis, npm start lists how to get one on each system', async () => {
  const { code, out, err } = await runScript('cli/start.ts', [], await isolatedEnv(pathWith('java')))
  expect(code).toBe(1)
  expect(out).toBe('')
  for (const way of ['Linux', 'apt-get install redis-server', 'brew install valkey', 'Windows', 'REDIS_URL='])
    expect(err).toContain(way)
})

describe('a claim on the data directory', () => {
  it('holds while its holder runs, and names the npm start to stop', async () => {
    const directory = freshDirectory()
    const claim = await claimDirectory(directory)
    const refusal = `The data in ${directory} is in use by \`npm start\`, process ${process.pid}. Stop it, or use another data directory: AISLE_HOME=.aisle2`
    await expect(claimDirectory(directory)).rejects.toThrow(refusal)
    const database = startSleeper()
    await claim.transferTo(database.pid, 1)
    await expect(claimDirectory(directory)).rejects.toThrow(refusal)
    database.kill('SIGKILL')
    await expect.poll(() => isRunning(database.pid)).toBe(false)
    const next = await claimDirectory(directory)
    // The first process sees late that its database has ended. It must not release the claim of the next one.
    claim.release()
    await expect(claimDirectory(directory)).rejects.toThrow(refusal)
    next.release()
    await claimDirectory(directory)
  })

  it('is void if another process has the id of its holder', async () => {
    const directory = freshDirectory()
    const other = startSleeper()
    const identity = 'an earlier start'
    for (const claim of [
      { owner: { pid: other.pid, identity }, holder: { pid: other.pid, identity } },
      { owner: { pid: other.pid, identity }, holder: { pid: other.pid, identity }, port: 1 },
    ]) {
      writeFileSync(join(directory, 'pid'), JSON.stringify(claim))
      const { release } = await claimDirectory(directory)
      release()
    }
  })

  it('of an earlier release holds while a process with its id runs and its port is in use', async () => {
    const directory = freshDirectory()
    const write = (text: string) => writeFileSync(join(directory, 'pid'), text)
    const port = await freePort()
    const server = createServer().listen(port, '127.0.0.1')
    write(`${process.pid} ${port}`)
    await expect(claimDirectory(directory)).rejects.toThrow(
      `in use by a DynamoDB Local, process ${process.pid}. Stop the \`npm start\` that runs it, or`,
    )
    await new Promise((resolve) => server.close(resolve))
    const dead = spawnSync(process.execPath, ['-e', '']).pid
    for (const text of [`${process.pid} ${port}`, `${process.pid}`, `${dead}`, '', 'null', '{"holder":{}}']) {
      write(text)
      const { release } = await claimDirectory(directory)
      release()
    }
  })
})
