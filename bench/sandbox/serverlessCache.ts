import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { startRedis } from '../../lib/local/servers/redisServer.ts'
import { createCertificate } from '../../test/support/certificate.ts'
import { startIamProxy } from '../../test/support/iamProxy.ts'
import type { Network } from '../../test/support/network.ts'
import { aclArgs, adminPassword, user } from '../../test/support/redisAcl.ts'
import { requireRedisBinary } from '../support/servers.ts'

const [cache, region] = ['bench', 'eu-central-1']

/**
 * Starts a stand-in for ElastiCache Serverless as the template describes it: a cluster in which one address stands for all
 * nodes, with TLS, a token as the password, and half a millisecond each way.
 *
 * @param prefix begins the keys that the catalogue's user may access
 */
export async function startServerlessCache(network: Network, prefix: string) {
  const directory = mkdtempSync(join(tmpdir(), 'aisle-bench-'))
  const certificate = createCertificate(directory)
  const clustered = ['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1', '--dir', directory]
  const args = [...aclArgs(prefix), ...clustered]
  const redis = await startRedis({ binary: requireRedisBinary(), args })
  const proxy = await startIamProxy(redis.port, certificate, {
    ...{ cache, region, user: user.name, password: user.password, now: Date.now },
    // The catalogue's client has these credentials for DynamoDB Local.
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  })
  const [line, silent] = [await network.open(proxy.port), await network.open(proxy.port)]
  await silent.hold('down')
  const admin = new Redis(redis.port, '127.0.0.1', { password: adminPassword })
  await admin.config('SET', 'cluster-announce-port', line.port)
  await admin.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
  while (!String(await admin.call('CLUSTER', 'INFO')).includes('cluster_state:ok')) await sleep(20)
  admin.disconnect()
  return {
    /** The environment in which a function connects to the cache and trusts its certificate. */
    env: {
      REDIS_IAM: `arn:aws:elasticache:${region}:123456789012:serverlesscache:${cache}`,
      NODE_EXTRA_CA_CERTS: certificate.authorityFile,
    },
    /** Returns the URL of the cache at a port: that of {@link line}, that of {@link silent}, or one without a server. */
    urlOf: (port: number) => `rediss-cluster://${user.name}@127.0.0.1:${port}`,
    line,
    /** A line that carries no replies. */
    silent,
    /** Returns how many tokens were refused, for any reason. */
    countRefused: () => proxy.attempts.filter(({ refusal }) => refusal).length,
    async stop() {
      proxy.stop()
      await redis.stop('SIGKILL')
      rmSync(directory, { recursive: true })
    },
  }
}
