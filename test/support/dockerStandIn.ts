/**
 * A stand-in for the Docker command. It accepts the commands of lib/local/servers/compose.ts, and runs real servers on the
 * ports that docker-compose.yml publishes. `STAND_IN` is the directory of its state: a file `calls` with all commands, and
 * a file for each running service with its process id and its port.
 */
import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startDynamoDB } from '../../lib/local/servers/dynamodbServer.ts'
import { findRedisBinary, startRedis } from '../../lib/local/servers/redisServer.ts'

const state = process.env.STAND_IN ?? ''
const file = (service: string) => join(state, service)
const args = process.argv.slice(2)
const services = ['valkey', 'dynamodb'].filter((name) => args.includes(name))

async function up(service: string): Promise<void> {
  if (existsSync(file(service))) return
  const isRedis = service === 'valkey'
  const port = Number(isRedis ? process.env.AISLE_REDIS_PORT : process.env.AISLE_DYNAMODB_PORT)
  const server = await (isRedis
    ? startRedis({ binary: findRedisBinary() ?? '', port })
    : startDynamoDB({ port }))
  writeFileSync(file(service), `${server.process.pid} ${port}`)
}

const read = (service: string) => readFileSync(file(service), 'utf8').split(' ')

appendFileSync(join(state, 'calls'), `${args.join(' ')}\n`)
if (args.includes(process.env.STAND_IN_FAILS ?? '-')) {
  console.error('Error response from daemon: pull access denied')
  process.exit(1)
}
if (args.includes('info')) console.log('28.2.2')
if (args.includes('ps'))
  console.log(['valkey', 'dynamodb'].filter((name) => existsSync(file(name))).join('\n'))
if (args.includes('port')) for (const service of services) console.log(`127.0.0.1:${read(service)[1]}`)
if (args.includes('up')) await Promise.all(services.map(up))
if (args.includes('stop'))
  for (const service of services.filter((name) => existsSync(file(name)))) {
    process.kill(Number(read(service)[0]), 'SIGKILL')
    rmSync(file(service))
  }
process.exit(0)
