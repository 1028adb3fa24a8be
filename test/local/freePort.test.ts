import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { freePort } from '../../lib/local/servers/server.ts'

/** The first port that the system hands out by itself. Linux lets it be set; macOS and Windows begin where IANA does. */
const range = '/proc/sys/net/ipv4/ip_local_port_range'
const firstOfSystem = existsSync(range) ? Number(readFileSync(range, 'utf8').split(/\s+/)[0]) : 49_152

test('a free port is none that a connection of somebody else is given, and nobody is given it twice', async () => {
  const ports: number[] = []
  for (let n = 0; n < 200; n++) ports.push(await freePort())
  expect(Math.max(...ports)).toBeLessThan(firstOfSystem)
  expect(Math.min(...ports)).toBeGreaterThan(1023)
  expect(new Set(ports).size).toBe(ports.length)
})

test('a port that is wanted is handed out where it is free, and another one where it is not', async () => {
  const wanted = await freePort()
  expect(await freePort(wanted)).toBe(wanted)
  const server = createServer().listen(wanted, '127.0.0.1')
  onTestFinished(() => void server.close())
  await new Promise((resolve) => server.once('listening', resolve))
  expect(await freePort(wanted)).not.toBe(wanted)
})
