import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { answersHttp } from '../../lib/local/servers/dynamodbServer.ts'
import { installRedis } from '../../lib/local/servers/installRedis.ts'
import { findOrInstallJava } from '../../lib/local/servers/programs.ts'
import { answersPing, findBinary } from '../../lib/local/servers/redisServer.ts'
import { beginRun, type RunRecord } from '../../lib/local/servers/runRecord.ts'
import { findServices } from '../../lib/local/servers/services.ts'
import { addScript, freshDirectory, isolatedEnv, pathWith } from '../support/cli.ts'
import { testDynamodbEndpoint } from '../support/dynamodb.ts'
import { freshRedis } from '../support/redis.ts'

/** A PATH with a Docker engine that answers, and with everything that `npm start` uses without Docker. */
function pathWithDocker() {
  const path = pathWith('node', 'java', 'redis-server')
  const state = freshDirectory()
  const script = new URL('../support/dockerStandIn.ts', import.meta.url).pathname
  addScript(path, 'docker', `exec '${process.execPath}' '${script}' "$@"`)
  const docker = (args: string[], env: NodeJS.ProcessEnv) => execFileSync(join(path, 'docker'), args, { env })
  onTestFinished(
    () => void docker(['compose', 'stop', 'valkey', 'dynamodb'], { PATH: path, STAND_IN: state }),
  )
  const calls = () =>
    existsSync(join(state, 'calls'))
      ? readFileSync(join(state, 'calls'), 'utf8')
          .trim()
          .replaceAll(/ --file \S+/g, '')
          .split('\n')
      : []
  return { path, state, calls, docker }
}

async function find(env: NodeJS.ProcessEnv, record?: RunRecord) {
  const printed: string[] = []
  const options = { env, dataDirectory: freshDirectory(), print: (line: string) => printed.push(line) }
  const services = await findServices({
    ...options,
    signal: new AbortController().signal,
    ...(record && { record }),
  })
  return { ...services, printed: printed.join('\n') }
}

const parsePort = (url: string) => Number(new URL(url).port)

describe('npm start', () => {
  it('prefers an address in the environment to Docker', async () => {
    const { path, state, calls } = pathWithDocker()
    const redis = await freshRedis()
    const dynamodb = testDynamodbEndpoint()
    const env = {
      ...(await isolatedEnv(path)),
      STAND_IN: state,
      REDIS_URL: redis.url,
      DYNAMODB_ENDPOINT: dynamodb,
    }
    const found = await find(env)
    expect(found.redis).toMatchObject({ url: redis.url, description: `set by REDIS_URL, ${redis.url}` })
    expect(found.dynamodb).toMatchObject({
      url: dynamodb,
      description: `set by DYNAMODB_ENDPOINT, ${dynamodb}`,
    })
    expect(calls()).toEqual([])
    // The services belong to other programs, so no stop function is returned.
    expect(await Promise.all([found.redis.start(), found.dynamodb.start()])).toEqual([{}, {}])
  })

  it('prefers docker compose to a server on PATH, and later stops only the services that it started', async () => {
    const { path, state, calls, docker } = pathWithDocker()
    const env = { ...(await isolatedEnv(path)), STAND_IN: state }
    docker(['compose', 'up', 'valkey'], env)
    const found = await find({ ...env, AISLE_REDIS_PORT: '' })
    expect(found.redis.description).toMatch(/^in Docker, redis:/)
    // The container already runs, so it keeps its port although the environment now asks for the default.
    expect(found.redis.url).toBe(`redis://127.0.0.1:${env.AISLE_REDIS_PORT}`)
    expect(found.dynamodb.url).toBe(`http://127.0.0.1:${env.AISLE_DYNAMODB_PORT}`)
    expect(calls()).toContain('compose up --detach --wait --wait-timeout 120 valkey dynamodb')
    expect(found.printed).toContain('docker compose up')
    for (const { start } of [found.redis, found.dynamodb]) {
      const { stop } = await start()
      await stop?.()
    }
    expect(calls().filter((call) => call.includes('stop'))).toEqual(['compose stop dynamodb'])
    expect(await answersPing(parsePort(found.redis.url))).toBe(true)
    expect(await answersHttp(found.dynamodb.url)).toBe(false)
  })

  it('stops the containers that a killed npm start left', async () => {
    const { path, state, calls, docker } = pathWithDocker()
    const env = { ...(await isolatedEnv(path)), STAND_IN: state, DYNAMODB_ENDPOINT: testDynamodbEndpoint() }
    docker(['compose', 'up', 'valkey'], env)
    const directory = freshDirectory()
    const owner = { pid: 1, identity: 'has ended' }
    const run = { owner, servers: [], containers: ['valkey', 'dynamodb'] }
    writeFileSync(join(directory, 'run-1.json'), JSON.stringify(run))
    const record = await beginRun(directory, () => {})
    const found = await find(env, record)
    // The container of DynamoDB does not run any more.
    expect(found.printed).toContain('An earlier npm start left containers: valkey. ')
    const { stop } = await found.redis.start()
    await stop?.()
    record.release()
    expect(calls().at(-1)).toBe('compose stop valkey')
    expect(readdirSync(directory)).toEqual([])
  })

  it('keeps on record the containers that it does not use, and those that it cannot stop', async () => {
    const { path, state, docker } = pathWithDocker()
    const env = { ...(await isolatedEnv(path)), STAND_IN: state, DYNAMODB_ENDPOINT: testDynamodbEndpoint() }
    docker(['compose', 'up', 'valkey'], env)
    const directory = freshDirectory()
    const record = await beginRun(directory, () => {})
    record.addContainers(['dynamodb'])
    const database = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
    writeFileSync(join(state, 'dynamodb'), `${database.pid} 1`)
    const found = await find(env, record)
    expect(found.printed).toContain('An earlier npm start left containers: dynamodb. ')
    expect(record.containers).toEqual(['dynamodb'])
    record.addContainers(['valkey'])
    const next = await find({ ...env, STAND_IN_FAILS: 'stop' }, record)
    const { stop } = await next.redis.start()
    await stop?.()
    record.release()
    const [name = ''] = readdirSync(directory)
    expect(JSON.parse(readFileSync(join(directory, name), 'utf8'))).toMatchObject({
      servers: [],
      containers: ['dynamodb', 'valkey'],
    })
  })

  it('starts with docker compose only the service that the environment does not name', async () => {
    const { path, state, calls } = pathWithDocker()
    const env = { ...(await isolatedEnv(path)), STAND_IN: state, DYNAMODB_ENDPOINT: testDynamodbEndpoint() }
    const found = await find(env)
    expect(found.redis.description).toMatch(/^in Docker/)
    expect(found.dynamodb.description).toMatch(/^set by/)
    expect(calls()).toContain('compose up --detach --wait --wait-timeout 120 valkey')
  })

  it.each(['info', 'ps', 'up'])('starts servers of this machine if `docker %s` fails', async (command) => {
    const { path, state } = pathWithDocker()
    const found = await find({ ...(await isolatedEnv(path)), STAND_IN: state, STAND_IN_FAILS: command })
    expect(found.redis.description).toMatch(/^\/.*redis-server, /)
    expect(found.dynamodb.description).toMatch(/^DynamoDB Local, /)
    if (command === 'info') expect(found.printed).toBe('')
    else
      expect(found.printed).toContain(
        `\`docker compose ${command}\` failed: Error response from daemon: pull access`,
      )
  })

  it('uses a free port and prints it if another program uses the default port', async () => {
    const other = await freshRedis()
    const env = { ...(await isolatedEnv()), AISLE_REDIS_PORT: String(other.port) }
    const found = await find(env)
    expect(parsePort(found.redis.url)).not.toBe(other.port)
    expect(found.printed).toBe(
      `Port ${other.port} is in use by another program. Using port ${parsePort(found.redis.url)} instead`,
    )
    const { stop } = await found.redis.start()
    expect(await answersPing(parsePort(found.redis.url))).toBe(true)
    await stop?.()
    expect(await answersPing(other.port)).toBe(true)
  })
})

describe('without a Redis or Java, npm start', () => {
  /** A PATH with a package manager that installs a link to this machine's Redis, or to its Java. */
  function pathWithApt(packages: string[]) {
    const path = pathWith('sh')
    const log = join(freshDirectory(), 'log')
    const note = `echo "$(/usr/bin/basename "$0") $*" >> ${log}`
    mkdirSync(join(path, 'packages'))
    const link = [
      'for last in "$@"; do :; done; case $last in',
      `openjdk*) /bin/ln -s ${findBinary('java')} ${path}/java;;`,
      `*) /bin/ln -s ${findBinary('redis-server')} ${path}/$last;;`,
      'esac',
    ].join('\n')
    addScript(path, 'apt-get', `${note}\n[ $1 = update ] || { ${link}; }`)
    // A package that others only mention prints nothing, and is no error.
    addScript(path, 'apt-cache', `case " ${packages.join(' ')} " in *" $2 "*) echo "Package: $2";; esac`)
    for (const name of ['service', 'update-rc.d']) addScript(path, name, note)
    return { path, log: () => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : []) }
  }
  const install = async (env: NodeJS.ProcessEnv, system = { isRoot: true, isDebian: true }) => {
    const printed: string[] = []
    const signal = new AbortController().signal
    const binary = await installRedis({ env, print: (line) => printed.push(line), signal, system })
    return { binary, printed: printed.join('\n') }
  }

  it.each([
    ['valkey-server', ['valkey-server', 'redis-server']],
    ['redis-server', ['redis-server']],
  ])('installs %s as root on Debian, prints it, and disables its service', async (name, packages) => {
    const { path, log } = pathWithApt(packages)
    const { binary, printed } = await install({ PATH: path })
    expect(binary).toBe(join(path, name))
    expect(printed).toContain('apt-get update')
    expect(printed).toContain(`apt-get install --yes --no-install-recommends ${name}`)
    expect(log()).toEqual([
      'apt-get update',
      `apt-get install --yes --no-install-recommends ${name}`,
      `service ${name} stop`,
      `update-rc.d ${name} disable`,
    ])
  })

  it.each([
    ['openjdk-21-jre-headless', ['openjdk-17-jre-headless', 'openjdk-21-jre-headless']],
    ['openjdk-17-jre-headless', ['openjdk-17-jre-headless']],
    ['openjdk-25-jre-headless', ['openjdk-25-jre-headless']],
  ])('installs %s as root on Debian, and prints it', async (name, packages) => {
    const { path, log } = pathWithApt(packages)
    const printed: string[] = []
    const signal = new AbortController().signal
    const system = { isRoot: true, isDebian: true }
    await findOrInstallJava({ env: { PATH: path }, print: (line) => printed.push(line), signal, system })
    expect(printed).toEqual([
      'No Java found. Installing one with apt-get. To prevent this, set AISLE_NO_INSTALL=1',
      'apt-get update',
      `apt-get install --yes --no-install-recommends ${name}`,
    ])
    expect(log()).toEqual(['apt-get update', `apt-get install --yes --no-install-recommends ${name}`])
  })

  it('replaces no Java that is too old', async () => {
    const { path, log } = pathWithApt(['openjdk-21-jre-headless'])
    addScript(path, 'java', 'echo "openjdk 11.0.22 2024-01-16"')
    const [signal, system] = [new AbortController().signal, { isRoot: true, isDebian: true }]
    await findOrInstallJava({ env: { PATH: path }, print: () => {}, signal, system })
    expect(log()).toEqual([])
  })

  it('installs nothing with AISLE_NO_INSTALL, as another user than root, or on another system than Debian', async () => {
    const { path, log } = pathWithApt(['redis-server'])
    const nothing = { binary: undefined, printed: '' }
    expect(await install({ PATH: path, AISLE_NO_INSTALL: '1' })).toEqual(nothing)
    expect(await install({ PATH: path }, { isRoot: false, isDebian: true })).toEqual(nothing)
    expect(await install({ PATH: path }, { isRoot: true, isDebian: false })).toEqual(nothing)
    expect(log()).toEqual([])
  })
})
