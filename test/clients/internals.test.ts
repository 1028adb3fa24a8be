import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Cluster, Redis } from 'ioredis'
import { expect, onTestFinished, test } from 'vitest'
import {
  beforeCommands,
  failWaiting,
  lastNodeError,
  reconnectTimer,
} from '../../lib/clients/redis/internals.ts'
import { freePort } from '../../lib/local/servers/ports.ts'
import { projectDirectory } from '../../lib/project/projectDirectory.ts'
import { freshRedis } from '../support/redis.ts'

/** Opens a client for a port where no server listens. */
async function openWithoutServer(options: object = {}) {
  const redis = new Redis({ port: await freePort(), maxRetriesPerRequest: null, ...options })
  redis.on('error', () => {})
  onTestFinished(() => redis.disconnect())
  return redis
}

test('package-lock.json pins the version of ioredis whose internals were read', () => {
  const { packages } = JSON.parse(readFileSync(join(projectDirectory, 'package-lock.json'), 'utf8'))
  expect(packages['node_modules/ioredis'].version).toBe('6.0.0')
})

test('failWaiting: flushQueue fails the commands that wait for a connection', async () => {
  const redis = await openWithoutServer({ retryStrategy: () => 10_000 })
  const waiting = redis.get('a').catch((error: Error) => error.message)
  failWaiting(redis, new Error('no more'))
  expect(await waiting).toBe('no more')
})

test('failWaiting: flushQueue does the same in a cluster', async () => {
  const cluster = new Cluster([{ port: await freePort() }], { clusterRetryStrategy: () => 10_000 })
  cluster.on('error', () => {})
  onTestFinished(() => cluster.disconnect())
  const waiting = cluster.get('a').catch((error: Error) => error.message)
  failWaiting(cluster, new Error('no more'))
  expect(await waiting).toBe('no more')
})

test('reconnectTimer: reconnectTimeout is the timer of the next attempt', async () => {
  const redis = await openWithoutServer({ retryStrategy: () => 10_000 })
  await new Promise((resolve) => redis.on('reconnecting', resolve))
  expect(reconnectTimer(redis)).toHaveProperty('unref')
})

test("lastNodeError: a cluster's error holds the error of its last node", async () => {
  const cluster = new Cluster([{ port: await freePort() }], { clusterRetryStrategy: () => null })
  onTestFinished(() => cluster.disconnect())
  const error = await new Promise<Error>((resolve) => cluster.on('error', resolve))
  expect(lastNodeError(error)).toBeInstanceOf(Error)
})

test('beforeCommands: every command passes through sendCommand, alone or in a pipeline', async () => {
  const server = await freshRedis()
  const redis = new Redis(server.port)
  onTestFinished(() => redis.disconnect())
  await redis.ping()
  let sent = 0
  beforeCommands(redis, () => {
    sent++
  })
  await redis.get('a')
  expect(sent).toBe(1)
  await redis.pipeline().get('a').get('b').exec()
  expect(sent).toBe(3)
})
