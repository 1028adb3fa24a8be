import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { freePort } from '../../lib/local/servers/ports.ts'

/** The first port that the system assigns by itself. On Linux it is a setting; macOS and Windows use IANA's range. */
const range = '/proc/sys/net/ipv4/ip_local_port_range'
const firstAssigned = existsSync(range) ? Number(readFileSync(range, 'utf8').split(/\s+/)[0]) : 49_152

test('freePort returns ports that the system never assigns, and returns no port twice', async () => {
  const ports: number[] = []
  for (let n = 0; n < 200; n++) ports.push(await freePort())
  expect(Math.max(...ports)).toBeLessThan(firstAssigned)
  expect(Math.min(...ports)).toBeGreaterThan(1023)
  expect(new Set(ports).size).toBe(ports.length)
})

test('freePort returns the wanted port if it is free, and another one otherwise', async () => {
  const wanted = await freePort()
  expect(await freePort(wanted)).toBe(wanted)
  const server = createServer().listen(wanted, '127.0.0.1')
  onTestFinished(() => void server.close())
  await new Promise((resolve) => server.once('listening', resolve))
  expect(await freePort(wanted)).not.toBe(wanted)
})
