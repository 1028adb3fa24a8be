import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { GetCommand } from '@aws-sdk/lib-dynamodb'
import { expect, it, onTestFinished } from 'vitest'
import { categoriesKey } from '../../lib/catalog/table/keys.ts'
import { connectLocal } from '../../lib/local/servers/client.ts'
import { signLocalToken, tokenKey } from '../../lib/local/tokenKey.ts'
import { isolatedEnv, runCommand } from '../support/cli.ts'

it('npm start updates the counts of categories, and prints each request, and the loss and the return of Redis, in one line', async () => {
  const env = await isolatedEnv()
  const start = runCommand(process.execPath, ['cli/start.ts'], env)
  await start.waitForOutput(/Ctrl-C stops/, 80_000)
  const db = connectLocal(`http://127.0.0.1:${env.AISLE_DYNAMODB_PORT}`)
  onTestFinished(() => db.destroy())
  const count = async (path: string): Promise<number> => {
    const { Item } = await db.send(new GetCommand({ TableName: 'aisle-local', Key: categoriesKey(path) }))
    return Item?.products ?? 0
  }
  // The products of the sample.
  await expect.poll(() => count('kitchen/coffee'), { timeout: 20_000 }).toBe(3)
  await expect.poll(() => count('desk/paper'), { timeout: 5000 }).toBe(3)

  const url = `http://127.0.0.1:${env.PORT}`
  const token = await signLocalToken(await tokenKey(env.AISLE_HOME), {
    ...{ scope: 'catalog:write', seconds: 600, subject: 'test', name: 'Test' },
  })
  const put = async (category: string) => {
    const response = await fetch(`${url}/products/extra`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ title: 'Extra', category, price: { amount: 1, currency: 'EUR' } }),
    })
    expect(response.status).toBeLessThan(300)
  }
  await put('kitchen/coffee')
  await expect.poll(() => count('kitchen/coffee'), { timeout: 10_000 }).toBe(4)
  await put('desk/paper')
  await expect.poll(() => count('kitchen/coffee'), { timeout: 10_000 }).toBe(3)
  expect(await count('desk/paper')).toBe(4)

  // Standard output is not a terminal, so these lines are without colours.
  const printed = () => start.out().split('Ctrl-C stops')[1]?.split('\n').slice(2) ?? []
  const read = () => fetch(`${url}/products/extra`)
  await read()
  await expect
    .poll(() => printed().filter((line) => line !== ''), { timeout: 5000 })
    .toEqual([
      expect.stringMatching(/^\d\d:\d\d:\d\d PUT \/products\/extra 201 write \d+(\.\d)? ms$/),
      expect.stringMatching(/ PUT \/products\/extra 200 write \d+(\.\d)? ms$/),
      expect.stringMatching(/ GET \/products\/extra 200 (miss|fail-open \(.*\)) \d+(\.\d)? ms$/),
    ])
  const redis = Number(readFileSync(join(env.AISLE_HOME, 'redis.pid'), 'utf8'))
  const aboutRedis = () => printed().filter((line) => line.includes('Redis'))
  process.kill(redis, 'SIGSTOP')
  for (let n = 0; n < 5; n++) expect((await read()).status).toBe(200)
  // The deliveries of the stream, which Redis has to confirm, fail meanwhile.
  await put('desk/lamps')
  await expect
    .poll(aboutRedis, { timeout: 10_000 })
    .toEqual([expect.stringContaining('Redis does not answer')])
  process.kill(redis, 'SIGCONT')
  await expect
    .poll(aboutRedis, { timeout: 10_000 })
    .toEqual([
      expect.stringContaining('Redis does not answer'),
      expect.stringContaining('Redis answers again'),
    ])
  expect(printed().join('\n')).not.toMatch(/\{|warn|\bat \S+:\d+/)

  process.kill(start.pid, 'SIGINT')
  expect(await start.ended).toBe(0)
}, 150_000)
