import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { findRedisBinary, startRedis } from '../../lib/local/servers/redisServer.ts'
import { accessArgs, adminPassword, user } from '../../test/support/access.ts'
import { certificateIn } from '../../test/support/certificate.ts'
import { startIamGate } from '../../test/support/iamGate.ts'
import type { Network } from '../../test/support/network.ts'

const [cache, region] = ['bench', 'eu-central-1']

/**
 * A stand-in for ElastiCache Serverless as the template has it: a cluster of which one address stands for all nodes, by
 * TLS, with a token as the password, half a millisecond away.
 *
 * @param prefix of the keys that the catalogue's user may touch
 */
export async function startServerlessCache(network: Network, prefix: string) {
  const folder = mkdtempSync(join(tmpdir(), 'aisle-bench-'))
  const certificate = certificateIn(folder)
  const clustered = ['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1', '--dir', folder]
  const args = [...accessArgs(prefix), ...clustered]
  const redis = await startRedis({ binary: findRedisBinary() ?? '', args })
  const gate = await startIamGate(redis.port, certificate, {
    ...{ cache, region, user: user.name, password: user.password, now: Date.now },
    // Those that the catalogue's client has for DynamoDB Local.
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  })
  const [line, silent] = [await network.open(gate.port), await network.open(gate.port)]
  await silent.keep('down')
  const admin = new Redis(redis.port, '127.0.0.1', { password: adminPassword })
  await admin.config('SET', 'cluster-announce-port', line.port)
  await admin.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
  while (!String(await admin.call('CLUSTER', 'INFO')).includes('cluster_state:ok')) await sleep(20)
  admin.disconnect()
  return {
    /** For the functions, which trust its certificate by it. */
    env: {
      REDIS_IAM: `arn:aws:elasticache:${region}:123456789012:serverlesscache:${cache}`,
      NODE_EXTRA_CA_CERTS: certificate.authorityFile,
    },
    /** Where the cache is: behind this port, which may be that of {@link silent}, or of nobody. */
    urlOf: (port: number) => `rediss-cluster://${user.name}@127.0.0.1:${port}`,
    line,
    /** A line by which nothing comes back. */
    silent,
    /** Tokens that were refused, for whatever reason. */
    refused: () => gate.attempts.filter(({ refusal }) => refusal).length,
    async stop() {
      gate.stop()
      await redis.stop('SIGKILL')
      rmSync(folder, { recursive: true })
    },
  }
}
