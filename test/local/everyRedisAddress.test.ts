import { writeFileSync } from 'node:fs'
import { describe, expect, onTestFinished, test } from 'vitest'
import { checkRedis } from '../../lib/local/servers/checkServers.ts'
import { startDynamoDB } from '../../lib/local/servers/dynamodbServer.ts'
import { freshDirectory, isolatedEnv, runCommand, runScript } from '../support/cli.ts'
import { startCluster } from '../support/cluster.ts'
import { testDynamodbEndpoint } from '../support/dynamodb.ts'
import { freshRedis } from '../support/redis.ts'
import { secureCluster, secureServer } from '../support/secureCache.ts'

// The user of both has the permissions of the catalogue's user on AWS, and no others.
const [server, cluster] = [await secureServer('aisle-local'), await secureCluster('aisle-local')]
const trust = (authorityFile: string) => ({ NODE_EXTRA_CA_CERTS: authorityFile })

describe('REDIS_URL may be', () => {
  test('redis://, rediss:// or rediss-cluster:// on this machine', async () => {
    for (const url of [(await freshRedis()).url, server.url, cluster.url])
      expect(await checkRedis(url)).toBeUndefined()
  })

  test('redis-cluster://, and a node of it by redis:// is refused with the reason', async () => {
    const plain = await startCluster({ replicas: false })
    onTestFinished(plain.stop)
    expect(await checkRedis(plain.url)).toBeUndefined()
    await expect(checkRedis(plain.url.replace('redis-cluster', 'redis'))).rejects.toThrow(
      /node of a cluster: REDIS_URL must begin with redis-cluster:\/\//,
    )
    await expect(checkRedis((await freshRedis()).url.replace('redis:', 'redis-cluster:'))).rejects.toThrow(
      /single server: REDIS_URL must begin with redis:\/\//,
    )
  })

  test('a cluster with TLS for npm start, for npm run cache and for an import', async () => {
    const dynamodb = await startDynamoDB()
    onTestFinished(() => dynamodb.stop('SIGKILL'))
    const env = {
      ...{ ...(await isolatedEnv()), ...trust(cluster.authorityFile) },
      ...{ REDIS_URL: cluster.url, DYNAMODB_ENDPOINT: dynamodb.url },
    }
    const start = runCommand(process.execPath, ['cli/start.ts'], env)
    await start.waitForOutput(/Ctrl-C stops/)
    expect(start.out()).toContain(`set by REDIS_URL, ${cluster.url.replace(/:[^:@]+@/, ':***@')}`)
    expect(start.out()).not.toContain('aisle-password')
    const readStatus = async () =>
      (await fetch(`http://127.0.0.1:${env.PORT}/products/1`)).headers.get('cache-status')
    await expect.poll(readStatus, { timeout: 15_000 }).toMatch(/^aisle; hit/)

    const inspected = await runScript('cli/cache.ts', ['inspect', '1'], env)
    expect(inspected).toMatchObject({ code: 0, err: '' })
    expect(inspected.out).toMatch(/ product {2,}fresh /)
    const file = `${freshDirectory()}/products.json`
    const read = async () => (await fetch(`http://127.0.0.1:${env.PORT}/products/1`)).json()
    writeFileSync(file, JSON.stringify([Object.assign({}, await read(), { title: 'From a file' })]))
    expect(await runScript('cli/import.ts', [file], env)).toMatchObject({ code: 0, err: '' })
    expect(await read()).toMatchObject({ title: 'From a file' })
    process.kill(start.pid, 'SIGINT')
    expect(await start.ended).toBe(0)
  }, 90_000)

  test('a server with TLS whose certificate is not trusted is refused with the reason', async () => {
    const env = { ...(await isolatedEnv()), REDIS_URL: server.url }
    const { code, err } = await runScript('cli/start.ts', [], env)
    expect(code).toBe(1)
    expect(err).toMatch(/^REDIS_URL is rediss:\/\/aisle:\*\*\*@[^\n]*certificate[^\n]*\n$/)
  })

  test('nothing else, and an import says so in one line without the address', async () => {
    const file = `${freshDirectory()}/products.json`
    writeFileSync(file, '[]')
    const env = {
      PATH: process.env.PATH,
      DYNAMODB_ENDPOINT: testDynamodbEndpoint(),
      REDIS_URL: 'http://:secret@x',
    }
    const { code, err } = await runScript('cli/import.ts', [file], env)
    expect(code).toBe(1)
    expect(err).toMatch(/^REDIS_URL must be redis:\/\/host:port or redis-cluster:\/\/[^\n]*\n$/)
    expect(err).not.toContain('secret')
  })
})
