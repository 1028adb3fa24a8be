import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { projectFolder } from '../../lib/project/folder.ts'
import { freshFolder, runCommand } from '../support/cli.ts'

interface Service {
  image: string
  user?: string
  ports: string[]
  volumes?: string[]
  tmpfs?: string
  command: string | string[]
  healthcheck: { test: string | string[]; retries: number }
}

const file = join(projectFolder, 'docker-compose.yml')
const { services, volumes }: { services: Record<'dynamodb' | 'valkey', Service>; volumes: object } = parse(
  readFileSync(file, 'utf8'),
)

/** Runs the linter, which checks the schema of Compose as well. A warning counts as a fault. */
async function lint(path: string) {
  const dclint = join(projectFolder, 'node_modules/dclint/bin/dclint.cjs')
  return await runCommand(process.execPath, [dclint, '--max-warnings', '0', path], process.env).ended
}

it('passes the linter and the schema of Compose without a warning', async () => {
  expect(await lint(file)).toBe(0)
  const wrong = join(freshFolder(), 'docker-compose.yml')
  writeFileSync(wrong, readFileSync(file, 'utf8').replace('healthcheck:', 'healthchecks:'))
  expect(await lint(wrong)).not.toBe(0)
})

it('pins each image to a release, and its health is checked', () => {
  for (const { image, healthcheck } of Object.values(services)) {
    expect(image).toMatch(/^[a-z-]+\/[a-z-]+:\d+\.\d+\.\d+(-alpine)?$/)
    expect(healthcheck.test.length).toBeGreaterThan(0)
    expect(healthcheck.retries).toBeGreaterThan(0)
  }
})

it('is reached from this machine only, on ports that can be moved', () => {
  expect(services.dynamodb.ports).toEqual(['127.0.0.1:${AISLE_DYNAMODB_PORT:-8000}:8000'])
  expect(services.valkey.ports).toEqual(['127.0.0.1:${AISLE_REDIS_PORT:-6379}:6379'])
})

it('keeps the data of DynamoDB Local in a volume that it can write', () => {
  expect(services.dynamodb.volumes).toEqual(['dynamodb-data:/data'])
  expect(volumes).toHaveProperty('dynamodb-data')
  expect(services.dynamodb.command).toContain('-dbPath /data')
  expect(services.dynamodb.command).not.toContain('-inMemory')
  expect(services.dynamodb.user).toBe('root')
})

it('runs Valkey as a cache: no snapshot, no log, no volume', () => {
  expect(services.valkey.command).toEqual(['valkey-server', '--save', '', '--appendonly', 'no'])
  expect(services.valkey.volumes).toBeUndefined()
  expect(services.valkey.tmpfs).toBe('/data')
})
