import { Redis } from 'ioredis'
import { afterAll, expect, onTestFinished, vi } from 'vitest'
import { findRedisBinary, startRedis } from '../../lib/local/servers/redisServer.ts'
import { type IamRules, startIamProxy } from './iamProxy.ts'
import { aclArgs, adminPassword, user } from './redisAcl.ts'
import { temporaryDirectory } from './temporaryDirectory.ts'
import { trustedCertificate } from './tls.ts'

/**
 * Starts a cache that accepts only IAM tokens. It is a single server, or, like ElastiCache Serverless, a cluster with one
 * address for all nodes. It stops after the test file.
 */
export async function startIamCache(kind: 'single' | 'cluster', prefix: string) {
  const binary = findRedisBinary()
  if (!binary) throw new Error('No valkey-server or redis-server on PATH')
  const certificate = trustedCertificate()
  const directory = temporaryDirectory('aisle-iam-')
  const clustered = ['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1', '--dir', directory]
  const args = [...aclArgs(prefix), ...(kind === 'cluster' ? clustered : [])]
  const server = await startRedis({ binary, args })
  const admin = new Redis(server.port, '127.0.0.1', { password: adminPassword, retryStrategy: () => null })
  afterAll(async () => {
    admin.disconnect()
    await server.stop('SIGKILL')
  })
  if (kind === 'cluster') {
    await admin.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
    const isUp = async () => expect(await admin.call('CLUSTER', 'INFO')).toContain('cluster_state:ok')
    await vi.waitFor(isUp, { timeout: 10_000 })
  }
  return {
    /** Empties the cache and starts a proxy that checks tokens by `rules`. The proxy stops when the test ends. */
    async open(rules: Omit<IamRules, 'user'>) {
      await admin.flushall()
      const password = { user: user.name, password: user.password }
      const proxy = await startIamProxy(server.port, certificate, { ...rules, ...password })
      onTestFinished(proxy.stop)
      if (kind === 'cluster') await admin.config('SET', 'cluster-announce-port', proxy.port)
      const scheme = kind === 'cluster' ? 'rediss-cluster' : 'rediss'
      return { proxy, url: `${scheme}://${user.name}@127.0.0.1:${proxy.port}` }
    },
  }
}
