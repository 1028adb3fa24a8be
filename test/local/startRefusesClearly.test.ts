import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { claimFolder } from '../../lib/local/servers/folder.ts'
import { freePort } from '../../lib/local/servers/server.ts'
import { addScript, freshFolder, ownEnv, pathWith, runScript } from '../support/cli.ts'

/** Starts what cannot start, and checks that one line says so and that nothing else is printed. */
async function refusal(env: NodeJS.ProcessEnv): Promise<string> {
  const { code, out, err } = await runScript('cli/start.ts', [], env)
  expect(code).toBe(1)
  expect(out).toBe('')
  expect(err).toMatch(/^[^\n]+\n$/)
  return err.trim()
}

describe('npm start refuses with one line that says what and what to do', () => {
  it('when its port is in use', async () => {
    const port = await freePort()
    const other = createServer().listen(port, '127.0.0.1')
    onTestFinished(() => void other.close())
    expect(await refusal({ ...(await ownEnv()), PORT: String(port) })).toBe(
      `Port ${port} is in use. Stop what listens there, or choose another: PORT=${port + 1} npm start`,
    )
  })

  it('when the port is none', async () => {
    expect(await refusal({ ...(await ownEnv()), PORT: '70000' })).toBe(
      'PORT is 70000: use a number from 1 to 65535, as in PORT=3001 npm start',
    )
  })

  it.each(['AISLE_REDIS_PORT', 'AISLE_DYNAMODB_PORT'])('when %s is no port', async (variable) => {
    expect(await refusal({ ...(await ownEnv()), [variable]: 'abc' })).toMatch(
      new RegExp(`^${variable} is abc: use a number`),
    )
  })

  it('when a storefront is no origin', async () => {
    const origins = 'http://localhost:5173,shop.example/'
    expect(await refusal({ ...(await ownEnv()), STOREFRONT_ORIGINS: origins })).toMatch(
      /^STOREFRONT_ORIGINS: "shop\.example\/" must be an origin such as https:\/\/shop\.example/,
    )
  })

  it('when there is no Java', async () => {
    expect(await refusal(await ownEnv(pathWith('redis-server')))).toBe(
      'No usable Java. DynamoDB Local needs Java 17 or newer on PATH (https://adoptium.net), or set DYNAMODB_ENDPOINT',
    )
  })

  it('when the Java is too old', async () => {
    const path = pathWith('redis-server')
    addScript(path, 'java', 'echo "openjdk 11.0.22 2024-01-16"')
    const { code, err } = await runScript('cli/start.ts', [], await ownEnv(path))
    expect(code).toBe(1)
    expect(err).toMatch(/^Java 11 is too old\. [^\n]*Java 17 or newer[^\n]*\n$/)
  })

  it('when the folder for its data cannot be made', async () => {
    // Root may write everywhere, but not below a file.
    const file = join(freshFolder(), 'file')
    writeFileSync(file, '')
    expect(await refusal({ ...(await ownEnv()), AISLE_HOME: join(file, 'home') })).toBe(
      `Cannot write in the folder ${file}/home (ENOTDIR). Make it writable, or choose another: AISLE_HOME=/some/folder`,
    )
  })

  it('when the given Redis does not answer, without telling its password', async () => {
    const url = `redis://:secret@127.0.0.1:${await freePort()}`
    const line = await refusal({ ...(await ownEnv()), REDIS_URL: url })
    expect(line).toMatch(
      /^REDIS_URL is redis:\/\/:\*\*\*@127\.0\.0\.1:\d+, but no Redis answers there \(.*ECONNREFUSED/,
    )
    expect(line).toContain('unset it to have one started')
  })

  it('when the given Redis is no URL', async () => {
    expect(await refusal({ ...(await ownEnv()), REDIS_URL: 'localhost:6379' })).toBe(
      'REDIS_URL must be a URL that starts with redis:// or rediss://: correct it or unset it',
    )
  })

  it('when what the given endpoint leads to is no DynamoDB', async () => {
    const port = await freePort()
    const mute = createServer().listen(port, '127.0.0.1')
    onTestFinished(() => void mute.close())
    const line = await refusal({ ...(await ownEnv()), DYNAMODB_ENDPOINT: `http://127.0.0.1:${port}` })
    expect(line).toContain(`DYNAMODB_ENDPOINT is http://127.0.0.1:${port}, but no DynamoDB answers there`)
  })
})

it('npm start names the ways to have a Redis, for each system, when there is none', async () => {
  const { code, out, err } = await runScript('cli/start.ts', [], await ownEnv(pathWith('java')))
  expect(code).toBe(1)
  expect(out).toBe('')
  for (const way of ['Linux', 'apt-get install redis-server', 'brew install valkey', 'Windows', 'REDIS_URL='])
    expect(err).toContain(way)
})

it('a claim on the data folder holds while its process listens, and no longer', async () => {
  const folder = freshFolder()
  const port = await freePort()
  const claim = await claimFolder(folder)
  await expect(claimFolder(folder)).rejects.toThrow(`in use by process ${process.pid}`)
  const server = createServer().listen(port, '127.0.0.1')
  claim.handTo(process.pid, port)
  await expect(claimFolder(folder)).rejects.toThrow('AISLE_HOME=.aisle2')
  await new Promise((resolve) => server.close(resolve))
  // The same process id, by now another process's.
  await claimFolder(folder)
  const dead = spawnSync(process.execPath, ['-e', '']).pid
  writeFileSync(join(folder, 'pid'), `${dead}`)
  await claimFolder(folder)
})
