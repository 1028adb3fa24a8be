import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { answersHttp } from '../../lib/local/servers/dynamodbServer.ts'
import { installRedis } from '../../lib/local/servers/installRedis.ts'
import { answersPing, findBinary } from '../../lib/local/servers/redisServer.ts'
import { findServices } from '../../lib/local/servers/services.ts'
import { addScript, freshFolder, ownEnv, pathWith } from '../support/cli.ts'
import { endpointOfWorker } from '../support/dynamodb.ts'
import { freshRedis } from '../support/redis.ts'

/** A PATH on which a Docker engine answers, beside everything that `npm start` could use otherwise. */
function pathWithDocker() {
  const path = pathWith('node', 'java', 'redis-server')
  const state = freshFolder()
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

async function find(env: NodeJS.ProcessEnv) {
  const said: string[] = []
  const options = { env, home: freshFolder(), say: (line: string) => said.push(line) }
  const services = await findServices({ ...options, signal: new AbortController().signal })
  return { ...services, said: said.join('\n') }
}

const portOf = (url: string) => Number(new URL(url).port)

describe('npm start finds each service in the first way that works:', () => {
  it('an endpoint of the environment, before Docker', async () => {
    const { path, state, calls } = pathWithDocker()
    const redis = await freshRedis()
    const dynamodb = endpointOfWorker()
    const env = {
      ...(await ownEnv(path)),
      STAND_IN: state,
      REDIS_URL: redis.url,
      DYNAMODB_ENDPOINT: dynamodb,
    }
    const found = await find(env)
    expect(found.redis).toMatchObject({ url: redis.url, what: `given by REDIS_URL, ${redis.url}` })
    expect(found.dynamodb).toMatchObject({ url: dynamodb, what: `given by DYNAMODB_ENDPOINT, ${dynamodb}` })
    expect(calls()).toEqual([])
    // There is nothing to stop.
    expect(await Promise.all([found.redis.start(), found.dynamodb.start()])).toEqual([{}, {}])
  })

  it('docker compose, before a server on PATH; only what did not run before is stopped again', async () => {
    const { path, state, calls, docker } = pathWithDocker()
    const env = { ...(await ownEnv(path)), STAND_IN: state }
    docker(['compose', 'up', 'valkey'], env)
    const found = await find({ ...env, AISLE_REDIS_PORT: '' })
    expect(found.redis.what).toMatch(/^in Docker, redis:/)
    // It runs there already, whatever port would be wanted now.
    expect(found.redis.url).toBe(`redis://127.0.0.1:${env.AISLE_REDIS_PORT}`)
    expect(found.dynamodb.url).toBe(`http://127.0.0.1:${env.AISLE_DYNAMODB_PORT}`)
    expect(calls()).toContain('compose up --detach --wait --wait-timeout 120 valkey dynamodb')
    expect(found.said).toContain('docker compose up')
    for (const { start } of [found.redis, found.dynamodb]) {
      const { stop } = await start()
      await stop?.()
    }
    expect(calls().filter((call) => call.includes('stop'))).toEqual(['compose stop dynamodb'])
    expect(await answersPing(portOf(found.redis.url))).toBe(true)
    expect(await answersHttp(found.dynamodb.url)).toBe(false)
  })

  it('docker compose for the one service that is not given', async () => {
    const { path, state, calls } = pathWithDocker()
    const env = { ...(await ownEnv(path)), STAND_IN: state, DYNAMODB_ENDPOINT: endpointOfWorker() }
    const found = await find(env)
    expect(found.redis.what).toMatch(/^in Docker/)
    expect(found.dynamodb.what).toMatch(/^given/)
    expect(calls()).toContain('compose up --detach --wait --wait-timeout 120 valkey')
  })

  it.each(['info', 'ps', 'up'])('servers of this machine, when `docker %s` fails', async (fails) => {
    const { path, state } = pathWithDocker()
    const found = await find({ ...(await ownEnv(path)), STAND_IN: state, STAND_IN_FAILS: fails })
    expect(found.redis.what).toMatch(/^\/.*redis-server, /)
    expect(found.dynamodb.what).toMatch(/^DynamoDB Local, /)
    if (fails === 'info') expect(found.said).toBe('')
    else
      expect(found.said).toContain(
        `\`docker compose ${fails}\` failed: Error response from daemon: pull access`,
      )
  })

  it('on a free port, and says so, when somebody else has the usual one', async () => {
    const other = await freshRedis()
    const env = { ...(await ownEnv()), AISLE_REDIS_PORT: String(other.port) }
    const found = await find(env)
    expect(portOf(found.redis.url)).not.toBe(other.port)
    expect(found.said).toBe(
      `Port ${other.port} is in use by something else, which is left alone; taking ${portOf(found.redis.url)}`,
    )
    const { stop } = await found.redis.start()
    expect(await answersPing(portOf(found.redis.url))).toBe(true)
    await stop?.()
    expect(await answersPing(other.port)).toBe(true)
  })
})

describe('as root on Debian, npm start installs a Redis when there is none', () => {
  /** A PATH with a package manager whose packages hold a link to this machine's Redis. */
  function pathWithApt(packages: string[]) {
    const path = pathWith('sh')
    const log = join(freshFolder(), 'log')
    const note = `echo "$(/usr/bin/basename "$0") $*" >> ${log}`
    mkdirSync(join(path, 'packages'))
    const link = `for last in "$@"; do :; done; /bin/ln -s ${findBinary('redis-server')} ${path}/$last`
    addScript(path, 'apt-get', `${note}\n[ $1 = update ] || { ${link}; }`)
    addScript(path, 'apt-cache', `case " ${packages.join(' ')} " in *" $2 "*) exit 0;; esac; exit 100`)
    for (const name of ['service', 'update-rc.d']) addScript(path, name, note)
    return { path, log: () => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : []) }
  }
  const install = async (env: NodeJS.ProcessEnv, system = { root: true, debian: true }) => {
    const said: string[] = []
    const signal = new AbortController().signal
    const binary = await installRedis({ env, say: (line) => said.push(line), signal, system })
    return { binary, said: said.join('\n') }
  }

  it.each([
    ['valkey-server', ['valkey-server', 'redis-server']],
    ['redis-server', ['redis-server']],
  ])('%s, says so, and keeps its service from running', async (name, packages) => {
    const { path, log } = pathWithApt(packages)
    const { binary, said } = await install({ PATH: path })
    expect(binary).toBe(join(path, name))
    expect(said).toContain('apt-get update')
    expect(said).toContain(`apt-get install --yes --no-install-recommends ${name}`)
    expect(log()).toEqual([
      'apt-get update',
      `apt-get install --yes --no-install-recommends ${name}`,
      `service ${name} stop`,
      `update-rc.d ${name} disable`,
    ])
  })

  it('but not against AISLE_NO_INSTALL, nor as somebody else, nor elsewhere', async () => {
    const { path, log } = pathWithApt(['redis-server'])
    const nothing = { binary: undefined, said: '' }
    expect(await install({ PATH: path, AISLE_NO_INSTALL: '1' })).toEqual(nothing)
    expect(await install({ PATH: path }, { root: false, debian: true })).toEqual(nothing)
    expect(await install({ PATH: path }, { root: true, debian: false })).toEqual(nothing)
    expect(log()).toEqual([])
  })
})
