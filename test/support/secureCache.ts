import { Redis } from 'ioredis'
import { afterAll } from 'vitest'
import { freePort } from '../../lib/local/servers/ports.ts'
import { findRedisBinary, startRedis } from '../../lib/local/servers/redisServer.ts'
import { startCluster } from './cluster.ts'
import { aclArgs, adminPassword, user } from './redisAcl.ts'
import { type Certificate, trustedCertificate } from './tls.ts'

/** A stand-in for ElastiCache: it requires TLS, and its user has the permissions that the template gives the catalogue. */
export interface SecureCache {
  /** The address for the catalogue's user. */
  url: string
  authorityFile: string
  /** One client for each server. It may run every command. */
  admins: Redis[]
}

/** Starts six servers: three masters, each with a replica. They stop after the test file. */
export async function secureCluster(prefix: string): Promise<SecureCache> {
  const certificate = trustedCertificate()
  const cluster = await startCluster({
    tls: certificate,
    args: aclArgs(prefix),
    password: adminPassword,
  })
  afterAll(cluster.stop)
  return { url: withUser(cluster.url), authorityFile: certificate.authorityFile, admins: cluster.admins }
}

/**
 * Starts a single server.
 *
 * @param onCleanup registers its stop: `afterAll` for the test file, or `onTestFinished` for the test
 */
export async function secureServer(
  prefix: string,
  certificate: Certificate = trustedCertificate(),
  onCleanup: (stop: () => Promise<void>) => void = afterAll,
): Promise<SecureCache> {
  const binary = findRedisBinary()
  if (!binary) throw new Error('No valkey-server or redis-server on PATH')
  const port = await freePort()
  const args = [...certificate.args, ...aclArgs(prefix), '--tls-port', String(port)]
  const server = await startRedis({ binary, args })
  const admin = new Redis(server.port, '127.0.0.1', { password: adminPassword, retryStrategy: () => null })
  onCleanup(async () => {
    admin.disconnect()
    await server.stop('SIGKILL')
  })
  return {
    url: withUser(`rediss://127.0.0.1:${port}`),
    authorityFile: certificate.authorityFile,
    admins: [admin],
  }
}

const withUser = (url: string) => url.replace('//', `//${user.name}:${user.password}@`)
