import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { projectDirectory } from '../../lib/project/projectDirectory.ts'
import { freshDirectory, runCommand } from '../support/cli.ts'

interface Service {
  image: string
  user?: string
  ports: string[]
  volumes?: string[]
  tmpfs?: string
  command: string | string[]
  healthcheck: { test: string | string[]; retries: number }
}

const file = join(projectDirectory, 'docker-compose.yml')
const { services, volumes }: { services: Record<'dynamodb' | 'valkey', Service>; volumes: object } = parse(
  readFileSync(file, 'utf8'),
)

/** Runs the linter, which also checks the schema of Compose. Returns its exit code, which is not 0 for a warning. */
async function lint(path: string) {
  const dclint = join(projectDirectory, 'node_modules/dclint/bin/dclint.cjs')
  return await runCommand(process.execPath, [dclint, '--max-warnings', '0', path], process.env).ended
}

it('docker-compose.yml passes the linter and the schema of Compose without a warning', async () => {
  expect(await lint(file)).toBe(0)
  const wrong = join(freshDirectory(), 'docker-compose.yml')
  writeFileSync(wrong, readFileSync(file, 'utf8').replace('healthcheck:', 'healthchecks:'))
  expect(await lint(wrong)).not.toBe(0)
})

it('docker-compose.yml pins each image to a release and checks its health', () => {
  for (const { image, healthcheck } of Object.values(services)) {
    expect(image).toMatch(/^[a-z-]+\/[a-z-]+:\d+\.\d+\.\d+(-alpine)?$/)
    expect(healthcheck.test.length).toBeGreaterThan(0)
    expect(healthcheck.retries).toBeGreaterThan(0)
  }
})

it('docker-compose.yml publishes ports only on this machine, and variables move them', () => {
  expect(services.dynamodb.ports).toEqual(['127.0.0.1:${AISLE_DYNAMODB_PORT:-8000}:8000'])
  expect(services.valkey.ports).toEqual(['127.0.0.1:${AISLE_REDIS_PORT:-6379}:6379'])
})

it('docker-compose.yml stores the data of DynamoDB Local in a volume that it can write to', () => {
  expect(services.dynamodb.volumes).toEqual(['dynamodb-data:/data'])
  expect(volumes).toHaveProperty('dynamodb-data')
  expect(services.dynamodb.command).toContain('-dbPath /data')
  expect(services.dynamodb.command).not.toContain('-inMemory')
  expect(services.dynamodb.user).toBe('root')
})

it('docker-compose.yml runs Valkey as a cache, without a snapshot, a log or a volume', () => {
  expect(services.valkey.command).toEqual(['valkey-server', '--save', '', '--appendonly', 'no'])
  expect(services.valkey.volumes).toBeUndefined()
  expect(services.valkey.tmpfs).toBe('/data')
})
