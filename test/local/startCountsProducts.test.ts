import { GetCommand } from '@aws-sdk/lib-dynamodb'
import { expect, it, onTestFinished } from 'vitest'
import { categoriesKey } from '../../lib/catalog/table/keys.ts'
import { connectLocal } from '../../lib/local/servers/client.ts'
import { signLocalToken, tokenKey } from '../../lib/local/tokenKey.ts'
import { isolatedEnv, runCommand } from '../support/cli.ts'

it('npm start updates the number of products in each category when products change', async () => {
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

  process.kill(start.pid, 'SIGINT')
  expect(await start.ended).toBe(0)
}, 150_000)
