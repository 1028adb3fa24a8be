import { Redis } from 'ioredis'
import { afterAll } from 'vitest'
import { findRedisBinary, startRedis } from '../../lib/local/servers/redisServer.ts'
import { freePort } from '../../lib/local/servers/server.ts'
import { accessArgs, adminPassword, user } from './access.ts'
import { startCluster } from './cluster.ts'
import { type Certificate, trustedCertificate } from './tls.ts'

/** A stand-in for ElastiCache: TLS, and a user that may do what the template lets the catalog do. */
export interface SecureCache {
  /** For the catalog's user. */
  url: string
  authorityFile: string
  /** Clients that may do everything, one for each server. */
  admins: Redis[]
}

/** Six servers, three masters with a replica each. */
export async function secureCluster(prefix: string): Promise<SecureCache> {
  const certificate = trustedCertificate()
  const cluster = await startCluster({
    tls: certificate,
    args: accessArgs(prefix),
    password: adminPassword,
  })
  afterAll(cluster.stop)
  return { url: withUser(cluster.url), authorityFile: certificate.authorityFile, admins: cluster.admins }
}

/** @param atEnd when it ends: with the file, or by onTestFinished with the test that asks for it */
export async function secureServer(
  prefix: string,
  certificate: Certificate = trustedCertificate(),
  atEnd: (stop: () => Promise<void>) => void = afterAll,
): Promise<SecureCache> {
  const binary = findRedisBinary()
  if (!binary) throw new Error('No valkey-server or redis-server on PATH')
  const port = await freePort()
  const args = [...certificate.args, ...accessArgs(prefix), '--tls-port', String(port)]
  const server = await startRedis({ binary, args })
  const admin = new Redis(server.port, '127.0.0.1', { password: adminPassword, retryStrategy: () => null })
  atEnd(async () => {
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
