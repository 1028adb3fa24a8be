import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterAll, expect, onTestFinished, vi } from 'vitest'
import { findRedisBinary, startRedis } from '../../lib/local/servers/redisServer.ts'
import { accessArgs, adminPassword, user } from './access.ts'
import { type IamRules, startIamGate } from './iamGate.ts'
import { trustedCertificate } from './tls.ts'

/**
 * A cache that lets in by tokens only: a single server, or as ElastiCache Serverless a cluster of which one address stands
 * for all nodes. Ends with the file.
 */
export async function startIamCache(kind: 'single' | 'cluster', prefix: string) {
  const binary = findRedisBinary()
  if (!binary) throw new Error('No valkey-server or redis-server on PATH')
  const certificate = trustedCertificate()
  const folder = mkdtempSync(join(tmpdir(), 'aisle-iam-'))
  const clustered = ['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1', '--dir', folder]
  const args = [...accessArgs(prefix), ...(kind === 'cluster' ? clustered : [])]
  const server = await startRedis({ binary, args })
  const admin = new Redis(server.port, '127.0.0.1', { password: adminPassword, retryStrategy: () => null })
  afterAll(async () => {
    admin.disconnect()
    await server.stop('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  })
  if (kind === 'cluster') {
    await admin.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
    const isUp = async () => expect(await admin.call('CLUSTER', 'INFO')).toContain('cluster_state:ok')
    await vi.waitFor(isUp, { timeout: 10_000 })
  }
  return {
    /** Empties the cache and opens a door to it, which ends with the test. */
    async open(rules: Omit<IamRules, 'user'>) {
      await admin.flushall()
      const password = { user: user.name, password: user.password }
      const gate = await startIamGate(server.port, certificate, { ...rules, ...password })
      onTestFinished(gate.stop)
      if (kind === 'cluster') await admin.config('SET', 'cluster-announce-port', gate.port)
      const scheme = kind === 'cluster' ? 'rediss-cluster' : 'rediss'
      return { gate, url: `${scheme}://${user.name}@127.0.0.1:${gate.port}` }
    },
  }
}
