import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { expect, onTestFinished, test } from 'vitest'
import { openCaches } from '../../lib/catalog/caches.ts'
import { deleteProduct } from '../../lib/catalog/product/deleteProduct.ts'
import { productKey } from '../../lib/catalog/table/keys.ts'
import { freePort } from '../../lib/local/servers/ports.ts'
import { actions } from '../../lib/operations/operation.ts'
import { freshDirectory, runScript } from '../support/cli.ts'
import { documentedCommands } from '../support/documentedCommands.ts'
import { freshTables } from '../support/dynamodb.ts'
import { startDynamodbProxy } from '../support/dynamodbProxy.ts'
import { insertProducts } from '../support/insertProducts.ts'
import { freshRedis } from '../support/redis.ts'

const { db, table, endpoint } = await freshTables()
await insertProducts(db, table, 'all', ['a', 'b', 'c'])

async function openFreshCache() {
  const { url } = await freshRedis()
  const catalog = openCaches({ table, redisUrl: url, dynamodbEndpoint: endpoint })
  onTestFinished(catalog.close)
  const env = { PATH: process.env.PATH, REDIS_URL: url, DYNAMODB_ENDPOINT: endpoint, TABLE_NAME: table }
  const run = (...args: string[]) => runScript('cli/cache.ts', args, env)
  return { ...catalog, env, run }
}

/** Changes a product in the table, as a program does that knows no cache. */
const setVersion = (id: string, version: number) =>
  db.send(
    new UpdateCommand({
      TableName: table,
      Key: productKey(id),
      UpdateExpression: 'SET title = :title, version = :version',
      ExpressionAttributeValues: { ':title': 'Edited', ':version': version },
    }),
  )

test('inspect shows the entries next to the database, invalidate removes them, and warm fills them', async () => {
  const { products, pages, reviews, run } = await openFreshCache()
  await products.get('a')
  const inspected = await run('inspect', 'a')
  expect(inspected).toMatchObject({ code: 0, err: '' })
  expect(inspected.out).toMatch(/^a: version 1 in the database, written 2026-01-01T00:00:00.000Z\n/)
  expect(inspected.out).toMatch(
    / product {2,}fresh {2,}1, current {2,}\d+\.\d s {2,}\d+\.\d s {2,}\d+\.\d s {2,}\d+ B\n/,
  )
  expect(inspected.out).toMatch(/ page {2,}nothing {2,}- /)

  await pages.get('a')
  await reviews.get('a')
  expect(await run('invalidate', 'a')).toEqual({
    ...{ code: 0, out: 'a: the cache holds no product, page or reviews entry any more\n', err: '' },
  })
  for (const cache of [products, pages, reviews]) expect((await cache.inspect('a')).state).toBe('nothing')

  expect((await run('warm', 'a', 'b')).out).toBe(
    '4 filled, 0 already fresh or being filled, 0 failed, 0 not reached (products and pages)\n',
  )
  expect((await run('warm', '--top', '10', '--json')).out).toBe(
    `${JSON.stringify({ action: 'warm', filled: 0, fresh: 0, failed: 0, left: 0, reasons: [] }, null, 2)}\n`,
  )
  const { out } = await run('inspect', '--json', 'a', 'c')
  expect(JSON.parse(out)).toMatchObject({
    action: 'inspect',
    products: [
      {
        id: 'a',
        database: { state: 'stored', version: 1 },
        entries: [
          { cache: 'product', state: 'fresh', version: 1, age: expect.any(Number), ttl: expect.any(Number) },
          { cache: 'page', state: 'fresh' },
          { cache: 'reviews', state: 'nothing' },
        ],
      },
      { id: 'c' },
    ],
  })
  expect(out).not.toContain('body')
})

test('inspect shows an entry that is older than the database, and audit finds and removes it', async () => {
  const { products, run } = await openFreshCache()
  await products.get('b')
  await setVersion('b', 7)
  const inspected = await run('inspect', 'b')
  expect(inspected.out).toContain('1, older')
  expect(inspected.out).toContain('npm run cache -- audit b')
  const audited = await run('audit', 'b')
  expect(audited.code).toBe(1)
  expect(audited.out).toMatch(/ b {2,}product {2,}1 {2,}7 {2,}\d+\.\d s {2,}yes\n/)
  expect(audited.out).toContain('1 compared, 0 agree (0 nines), 1 wrong, 1 repaired, 0 not compared')
  expect((await products.get('b')).value?.title).toBe('Edited')
  // Without ids the audit takes a sample.
  expect(await run('audit')).toMatchObject({
    ...{ code: 0, out: '1 compared, 1 agree (0 nines), 0 wrong, 0 repaired, 0 not compared\n' },
  })
})

test('a product that does not exist is named by every command, which then exits 1 and fills nothing for it', async () => {
  const { products, run } = await openFreshCache()
  for (const command of ['inspect', 'invalidate', 'warm', 'audit']) {
    const { code, out } = await run(command, 'a', 'nosuch')
    expect({ command, code }).toEqual({ command, code: 1 })
    expect(out).toContain('nosuch: there is no such product in the database')
    expect(out).not.toMatch(/^a: there is no such product/m)
  }
  expect((await products.inspect('a')).state).toBe('fresh')
  expect((await products.inspect('nosuch')).state).toBe('nothing')
  const warmed = await run('warm', 'nosuch')
  expect(warmed).toEqual({
    ...{ code: 1, err: '' },
    out: '0 filled, 0 already fresh or being filled, 0 failed, 0 not reached (products and pages)\nnosuch: there is no such product in the database\n',
  })
  expect(JSON.parse((await run('warm', 'nosuch', '--json')).out)).toMatchObject({ missing: ['nosuch'] })
})

test('a deleted product is nothing to fill, and no fault', async () => {
  const { products, run } = await openFreshCache()
  await deleteProduct({ db, table }, 'c', {})
  const warmed = await run('warm', 'c', 'b')
  expect(warmed.out).toMatch(/^2 filled.*\nc: the product was deleted, so there is nothing to fill\n$/)
  expect((await products.inspect('c')).state).toBe('nothing')
  for (const command of ['inspect', 'warm', 'invalidate', 'audit'])
    expect({ command, code: (await run(command, 'c')).code }).toEqual({ command, code: 0 })
})

test('where there is nothing to fill or to compare, the command says why', async () => {
  const { products, run } = await openFreshCache()
  const warmed = await run('warm')
  expect(warmed.code).toBe(0)
  expect(warmed.out).toMatch(/^Nothing to fill: no product counts as most read yet.*warm ID/)
  expect(await run('audit')).toMatchObject({ code: 0, out: expect.stringMatching(/^Nothing to compare: /) })
  const named = await run('audit', 'b')
  expect(named).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^Nothing to compare: .*no fresh entry of these products\. .*warm ID/),
  })
  await products.get('a')
  expect((await run('audit', 'nosuch')).out).toBe(
    'Nothing to compare: the cache holds no fresh entry of these products\nnosuch: there is no such product in the database\n',
  )
})

test('invalidate removes the entries even if the database cannot be asked, says so, and exits 1', async () => {
  const { products, env } = await openFreshCache()
  const proxy = await startDynamodbProxy(endpoint)
  onTestFinished(proxy.close)
  proxy.injectFault('GetItem', { error: 'InternalServerError', status: 500 }, { times: 100 })
  const unused = `http://127.0.0.1:${await freePort()}`
  const cases: [{ DYNAMODB_ENDPOINT?: string; TABLE_NAME?: string }, RegExp][] = [
    [{ DYNAMODB_ENDPOINT: proxy.url }, /InternalServerError/],
    [{ DYNAMODB_ENDPOINT: unused }, /ECONNREFUSED/],
    [{ TABLE_NAME: 'nosuch' }, /ResourceNotFoundException/],
  ]
  for (const [broken, reason] of cases) {
    await products.get('a')
    const { code, out } = await runScript('cli/cache.ts', ['invalidate', 'a'], { ...env, ...broken })
    const [removed, unchecked, end] = out.split('\n')
    expect({ code, removed, end }).toEqual({
      ...{ code: 1, end: '' },
      removed: 'a: the cache holds no product, page or reviews entry any more',
    })
    expect(unchecked).toMatch(
      /^Not checked whether the database knows a: .*[^.]\. Next: run the command again$/,
    )
    expect(unchecked).toMatch(reason)
    // The keys of the entries contain the table's name.
    expect((await products.inspect('a')).state).toBe(broken.TABLE_NAME ? 'fresh' : 'nothing')
  }
})

test('a wrong command prints one line that says what is wrong, and exits 1', async () => {
  const { env, run } = await openFreshCache()
  const unknown = await run('inspect', 'missing')
  expect(unknown.code).toBe(1)
  expect(unknown.out).toContain('missing: there is no such product in the database')
  const wrong: [string[], RegExp][] = [
    [['look', 'a'], /^There is no command look: use inspect, invalidate, warm or audit, or see --help\n$/],
    [['inspect'], /^Name the products to inspect/],
    [['inspect', 'a/b'], /^"a\/b" is not a product id: 1 to 128/],
    [['audit', '--top', '5'], /^--top works with warm only\n$/],
    [['warm', '--top', '0'], /^--top 0 without products fills nothing/],
    [['warm', '--top', 'x'], /^top must be a whole number from 0 to 1000\n$/],
    [['inspect', 'a', '--stage', 'local'], /^The stage local is this machine: leave out --stage\n$/],
    [['inspect', 'a', '--stage', 'a b'], /^--stage a b is not the name of a stage/],
    [['inspect', 'a', '--nothing'], /^Unknown option '--nothing'/],
  ]
  for (const [args, message] of wrong) {
    const { code, out, err } = await run(...args)
    expect({ args, code, out }).toEqual({ args, code: 1, out: '' })
    expect(err).toMatch(message)
  }
  const unused = `127.0.0.1:${await freePort()}`
  const noRedis = await runScript('cli/cache.ts', ['inspect', 'a'], {
    ...env,
    REDIS_URL: `redis://${unused}`,
  })
  expect(noRedis).toMatchObject({ code: 1, out: '' })
  expect(noRedis.err).toContain(`REDIS_URL is redis://${unused}, but no Redis answers there`)
  const noDatabase = await runScript('cli/cache.ts', ['warm'], {
    ...env,
    DYNAMODB_ENDPOINT: `http://${unused}`,
  })
  expect(noDatabase.err).toContain(
    `No database answers at http://${unused}: run npm start in another terminal`,
  )
  const { out: help } = await run('--help')
  for (const action of actions) expect(help).toContain(`\n  ${action} `)
})

test('with --stage the function of that stage runs the operation', async () => {
  const { products, env } = await openFreshCache()
  await products.get('a')
  Object.assign(process.env, { ...env })
  const { handler } = await import('../../functions/operate.ts')
  const requests: string[] = []
  // Answers as Lambda does: takes the event, and returns the result or the error.
  const lambda = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    requests.push(`${request.method} ${request.url} ${body}`)
    if (request.url?.includes('nowhere')) {
      response.writeHead(404, { 'x-amzn-errortype': 'ResourceNotFoundException' })
      return response.end('{"Message":"Function not found"}')
    }
    if (request.url?.includes('secret')) {
      response.writeHead(403, { 'x-amzn-errortype': 'AccessDeniedException' })
      return response.end('{"Message":"not authorized"}')
    }
    const answer = await handler(JSON.parse(body)).catch((error: Error) => ({ errorMessage: error.message }))
    if ('errorMessage' in answer) response.setHeader('x-amz-function-error', 'Unhandled')
    response.end(JSON.stringify(answer))
  }).listen(0, '127.0.0.1')
  onTestFinished(() => void lambda.close())
  await new Promise((resolve) => lambda.once('listening', resolve))
  const aws = {
    PATH: process.env.PATH,
    HOME: freshDirectory(),
    AWS_ENDPOINT_URL_LAMBDA: `http://127.0.0.1:${(lambda.address() as AddressInfo).port}`,
    ...{ AWS_REGION: 'eu-central-1', AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'y' },
    AWS_EC2_METADATA_DISABLED: 'true',
  }
  const run = (stage: string, more: NodeJS.ProcessEnv = {}) =>
    runScript('cli/cache.ts', ['inspect', 'a', '--stage', stage], { ...aws, ...more })
  const inspected = await run('prod')
  expect(inspected.err).toBe('')
  expect(inspected.out).toMatch(/^a: version 1 in the database.*\n.*\n {2}product {2,}fresh/)
  expect(requests).toEqual([
    'POST /2015-03-31/functions/aisle-prod-operate/invocations {"action":"inspect","ids":["a"]}',
  ])

  // The commands that a result suggests work on the same stage.
  const suggest = async (...args: string[]) =>
    /npm run cache -- .*/.exec((await runScript('cli/cache.ts', [...args, '--stage', 'prod'], aws)).out)?.[0]
  const onStage = '--stage prod --region eu-central-1'
  expect(await suggest('warm')).toBe(`npm run cache -- warm ID... ${onStage}`)
  expect(await suggest('audit', 'b')).toBe(`npm run cache -- warm ID... ${onStage}`)
  await setVersion('a', 9)
  expect(await suggest('inspect', 'a')).toBe(`npm run cache -- audit a ${onStage}`)
  await setVersion('a', 1)

  // The commands of the runbook, for the product a.
  const prints = {
    ...{ inspect: /^a: version 1 in the database/, invalidate: /^a: the cache holds no product/ },
    ...{ warm: /^Nothing to fill/, audit: /^(\d compared|Nothing to compare)/ },
  }
  const documented = documentedCommands('docs/operations.md').filter(({ script }) => script === 'cache')
  const byText = new Map(documented.map(({ text, args }) => [text, args]))
  expect([...byText].length).toBeGreaterThan(3)
  for (const [text, args] of byText) {
    const command = args.map((arg) => (arg === '1' ? 'a' : arg))
    const { code, out, err } = await runScript('cli/cache.ts', command, aws)
    expect({ text, code, err }).toEqual({ text, code: 0, err: '' })
    expect(out).toMatch(prints[command[0] as keyof typeof prints])
  }

  expect((await run('nowhere')).err).toMatch(
    /^There is no function aisle-nowhere-operate in eu-central-1: check that/,
  )
  expect((await run('secret')).err).toMatch(
    /^You may not invoke aisle-secret-operate: ask for the permission lambda:Invoke/,
  )
  const anonymous = await run('prod', { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' })
  expect(anonymous).toMatchObject({ code: 1, out: '' })
  expect(anonymous.err).toMatch(/^There are no AWS credentials: set AWS_PROFILE/)
  await expect(handler(JSON.parse('{"action":"drop"}'))).rejects.toThrow('Unknown action: use inspect')
})
