import { randomUUID } from 'node:crypto'
import { DeleteCommand } from '@aws-sdk/lib-dynamodb'
import { describe, expect, test } from 'vitest'
import { reviewKey } from '../../lib/catalog/table/keys.ts'
import { openCatalogWrites } from '../../lib/catalog/writes.ts'
import { aProduct, type Call, freshHandlers } from '../support/http.ts'
import { allItems } from '../support/importing.ts'
import { loseResponses } from '../support/loseResponses.ts'
import { freshRedis } from '../support/redis.ts'
import { customer, moderator, ratingAndReviews } from '../support/reviewers.ts'

const { call, get, put, db, table, redisPort } = await freshHandlers()
const catalog = openCatalogWrites()

const stars = (rating: number) => ({ rating, body: `${rating} stars` })
const post = (id: string, body: unknown, authorizer: object = customer('ann'), request: Call = {}) =>
  call('postReview', { path: { id }, body, authorizer, ...request })
const reviewsOf = async (id: string) => (await call('getReviews', { path: { id } })).json.items

/** Checks that the product's rating is what its stored reviews add up to. */
async function expectExactRating(id: string) {
  const { stored, counted } = await ratingAndReviews(db, table, id)
  expect(stored).toEqual(counted)
}

describe('a customer', () => {
  test('who reviews a product a hundred times has one review of it, the last one', async () => {
    await put('flood', { body: aProduct })
    await post('flood', stars(5), customer('bea'))
    for (let n = 0; n < 100; n++)
      expect((await post('flood', stars(1 + (n % 4)))).statusCode).toBe(n === 0 ? 201 : 200)
    expect((await get('flood')).json.rating).toEqual({ average: 4.5, count: 2 })
    expect(await reviewsOf('flood')).toMatchObject([{ rating: 4 }, { rating: 5 }])
    await expectExactRating('flood')
  })

  test('who reviews a product again gets 200, the id and the time of the first review, and a higher version', async () => {
    await put('again', { body: aProduct })
    const first = await post('again', { ...stars(2), title: 'Poor' })
    const { version } = await ratingAndReviews(db, table, 'again')
    const second = await post('again', stars(5))
    expect(second).toMatchObject({ statusCode: 200, headers: { location: first.headers.location } })
    const { title: _, ...rest } = first.json
    expect(second.json).toEqual({ ...rest, ...stars(5) })
    expect(await reviewsOf('again')).toEqual([second.json])
    expect((await ratingAndReviews(db, table, 'again')).version).toBeGreaterThan(version)
  })

  test('who reviews a product again keeps the replies to the first review', async () => {
    await put('thread', { body: aProduct })
    const { json: first } = await post('thread', stars(2))
    const { json: reply } = await post('thread', { parentId: first.id, body: 'Why?' }, customer('bea'))
    const { json: second } = await post('thread', stars(3))
    expect(await reviewsOf('thread')).toEqual([{ ...second, replies: [reply] }])
  })

  test('may review several products, and reply as often as they like', async () => {
    for (const id of ['one', 'two']) await put(id, { body: aProduct })
    const { json: review } = await post('one', stars(2))
    expect((await post('two', stars(2))).statusCode).toBe(201)
    for (let n = 0; n < 3; n++)
      expect((await post('one', { parentId: review.id, body: 'And yet' })).statusCode).toBe(201)
    expect((await reviewsOf('one'))[0].replies).toHaveLength(3)
  })

  test('is seen with the new stars in the next read of product, page and reviews, even if all were hits before', async () => {
    await put('hits', { body: aProduct })
    await post('hits', stars(1))
    await freshRedis({ port: redisPort })
    const readAll = async () => ({
      product: await get('hits'),
      page: await call('getPage', { path: { id: 'hits' } }),
      reviews: await call('getReviews', { path: { id: 'hits' } }),
    })
    const isHit = async () =>
      Object.values(await readAll()).every(({ headers }) => /hit/.test(headers['cache-status'] ?? ''))
    await expect.poll(isHit, { timeout: 5000 }).toBe(true)
    const { json: review } = await post('hits', stars(4))
    const { product, page, reviews } = await readAll()
    expect(product.json.rating).toEqual({ average: 4, count: 1 })
    expect(page.json).toMatchObject({ rating: { average: 4, count: 1 }, reviews: [review] })
    expect(reviews.json.items).toEqual([review])
  })

  test('who sends twenty first reviews at the same moment has one of them, and it is counted once', async () => {
    await put('race', { body: aProduct })
    const responses = await Promise.all(
      Array.from({ length: 20 }, (_, n) => post('race', stars(1 + (n % 5)))),
    )
    const statuses = responses.map(({ statusCode }) => statusCode).sort()
    expect(statuses.filter((status) => status === 201)).toHaveLength(1)
    expect(statuses.filter((status) => ![200, 201, 409, 503].includes(status))).toEqual([])
    expect((await get('race')).json.rating.count).toBe(1)
    expect(await reviewsOf('race')).toHaveLength(1)
    await expectExactRating('race')
  }, 20_000)

  test('whose review was deleted by hand can write a new one', async () => {
    await put('by-hand', { body: aProduct })
    const { json: first } = await post('by-hand', stars(3))
    await db.send(new DeleteCommand({ TableName: table, Key: reviewKey('by-hand', first.id) }))
    const second = await post('by-hand', stars(4))
    expect(second.statusCode).toBe(201)
    expect((await post('by-hand', stars(5))).json.id).toBe(second.json.id)
  })

  test('can review a product anew that was deleted and created again, and the deletion leaves nothing of the old review', async () => {
    await put('reborn', { body: aProduct })
    const { json: first } = await post('reborn', stars(1))
    await call('deleteProduct', { path: { id: 'reborn' } })
    const left = [...(await allItems(db, table)).keys()].filter((key) => key.startsWith('PRODUCT#reborn '))
    expect(left).toEqual(['PRODUCT#reborn PRODUCT'])
    await put('reborn', { body: aProduct })
    const second = await post('reborn', stars(4))
    expect(second.statusCode).toBe(201)
    expect(second.json.id).not.toBe(first.id)
    expect((await ratingAndReviews(db, table, 'reborn')).stored).toEqual({ ratingSum: 4, ratingCount: 1 })
  })

  test('is counted once if the response of a replacement was lost, and the retry succeeds', async () => {
    await put('lost', { body: aProduct })
    await post('lost', stars(2))
    const chaos = loseResponses(catalog.db, 'TransactWriteItemsCommand')
    chaos.losses = 1
    const draft = { ...stars(5), author: 'Ann', subject: 'ann' }
    expect(await catalog.postReview('lost', draft)).toMatchObject({ created: false, review: { rating: 5 } })
    expect(chaos.losses).toBe(0)
    expect((await get('lost')).json.rating).toEqual({ average: 5, count: 1 })
    await expectExactRating('lost')
  })
})

describe('the author of a review', () => {
  test('is the name in the token', async () => {
    await put('named', { body: aProduct })
    const { json } = await post('named', stars(5), customer('ann', 'Zoë Grün'))
    expect(json.author).toBe('Zoë Grün')
    const { json: reply } = await post('named', { parentId: json.id, body: 'Yes' }, customer('bea', 'Bea'))
    expect(reply.author).toBe('Bea')
  })

  test('in the body is refused, and nothing is written', async () => {
    await put('shop', { body: aProduct })
    const before = await allItems(db, table)
    const refused = await post('shop', { ...stars(5), author: 'The shop itself' })
    expect(refused).toMatchObject({
      statusCode: 422,
      json: { type: 'urn:aisle:problem:invalid-review', errors: [{ pointer: '/author' }] },
    })
    expect(await allItems(db, table)).toEqual(before)
  })

  for (const [what, authorizer, claim] of [
    ['no name', { subject: 'ann', scope: 'reviews:write' }, /name/],
    ['an empty name', customer('ann', ''), /name/],
    ['a blank name', customer('ann', '  '), /name/],
    ['a name with a control character', customer('ann', 'An\u0000n'), /name/],
    ['a name that is too long', customer('ann', 'x'.repeat(201)), /name/],
    ['no subject', { name: 'Ann', scope: 'reviews:write' }, /sub/],
  ] as const)
    test(`must be named: a token with ${what} gets 403 with a type of its own, and nothing is written`, async () => {
      await put('unnamed', { body: aProduct })
      const before = await allItems(db, table)
      const refused = await post('unnamed', stars(5), authorizer)
      expect(refused).toMatchObject({
        statusCode: 403,
        json: { type: 'urn:aisle:problem:unnamed-reviewer', detail: expect.stringMatching(claim) },
      })
      expect(await allItems(db, table)).toEqual(before)
    })

  test('is named by a token with catalog:write, as often as it likes', async () => {
    await put('import', { body: aProduct })
    const shop = { subject: 'shop', scope: 'catalog:write reviews:write' }
    for (const author of ['Ann', 'Ann', 'Bea'])
      expect((await post('import', { ...stars(4), author }, shop)).statusCode).toBe(201)
    expect(await reviewsOf('import')).toHaveLength(3)
    expect(await post('import', stars(4), shop)).toMatchObject({
      statusCode: 422,
      json: { errors: [{ pointer: '/author' }] },
    })
    // Without an author in the body, a token that names its user writes the user's own review.
    for (const status of [201, 200])
      expect((await post('import', stars(4), { ...shop, name: 'Shop' })).statusCode).toBe(status)
  })
})

test('the subject is in no answer, and in the table only as a hash that differs from product to product', async () => {
  const subject = `ann-${randomUUID()}@shop.example`
  for (const id of ['secret1', 'secret2']) await put(id, { body: aProduct })
  const posted = [
    await post('secret1', stars(5), customer(subject)),
    await post('secret2', stars(5), customer(subject)),
    await post('secret2', stars(4), customer(subject)),
  ]
  const reads = [
    await call('getReviews', { path: { id: 'secret2' } }),
    await call('getPage', { path: { id: 'secret2' } }),
  ]
  const name = `Customer ${subject}`
  for (const { body = '' } of [...posted, ...reads]) {
    expect(body.replaceAll(name, '')).not.toContain(subject)
    expect(body).not.toMatch(/"(subject|writeId|versioned|thread)"/)
  }
  const items = [...(await allItems(db, table)).values()].filter(({ pk }) => /secret/.test(String(pk)))
  expect(JSON.stringify(items).replaceAll(name, '')).not.toContain(subject)
  const hashes = items.flatMap((item) => ('subject' in item ? [item.subject] : []))
  expect(hashes).toHaveLength(2)
  expect(new Set(hashes).size).toBe(2)
})

describe('with an idempotency key', () => {
  const keyed = (expiresInSeconds = 3600) => ({
    id: randomUUID(),
    fingerprint: 'f',
    expiresAt: Math.floor(Date.now() / 1000) + expiresInSeconds,
  })
  const draft = { ...stars(4), author: 'Ann', subject: 'ann' }

  test('a review that is sent again within 24 hours is found by its mark, also if it was replaced or removed since', async () => {
    await put('keyed', { body: aProduct })
    const write = keyed()
    const first = await catalog.postReview('keyed', draft, { keyed: write })
    expect(await catalog.postReview('keyed', draft, { keyed: write })).toEqual(first)
    await catalog.postReview('keyed', { ...draft, rating: 1 })
    expect(await catalog.postReview('keyed', draft, { keyed: write })).toEqual(first)
    await catalog.deleteReview('keyed', first.review.id, { subject: 'ann', isModerator: false })
    expect(await catalog.postReview('keyed', draft, { keyed: write })).toEqual(first)
    expect((await get('keyed')).json.rating).toEqual({ average: 0, count: 0 })
    await expectExactRating('keyed')
  })

  test('a replacement and a reply that are sent again are done once', async () => {
    await put('keyed2', { body: aProduct })
    const { review } = await catalog.postReview('keyed2', draft)
    const [replacement, reply] = [keyed(), keyed()]
    const second = { ...draft, rating: 2 }
    const answer = { parentId: review.id, body: 'Yes', author: 'Bea', subject: 'bea' }
    for (let n = 0; n < 3; n++) {
      expect(await catalog.postReview('keyed2', second, { keyed: replacement })).toMatchObject({
        created: false,
        review: { id: review.id, rating: 2 },
      })
      await catalog.postReview('keyed2', answer, { keyed: reply })
    }
    expect(await reviewsOf('keyed2')).toMatchObject([{ rating: 2, replies: [{ body: 'Yes', replies: [] }] }])
    expect((await reviewsOf('keyed2'))[0].replies).toHaveLength(1)
    await expectExactRating('keyed2')
  })

  test('a key that has expired means nothing: the new review is stored', async () => {
    await put('keyed3', { body: aProduct })
    const named = { ...stars(4), author: 'Ann' }
    const expired = keyed(-1)
    const first = await catalog.postReview('keyed3', named, { keyed: expired })
    const second = await catalog.postReview(
      'keyed3',
      { ...named, rating: 2 },
      { keyed: { ...expired, fingerprint: 'g' } },
    )
    expect(second.review.id).not.toBe(first.review.id)
    expect((await get('keyed3')).json.rating).toEqual({ average: 3, count: 2 })
  })

  test('a key of another review is refused, and nothing is written', async () => {
    await put('keyed4', { body: aProduct })
    const write = keyed()
    await catalog.postReview('keyed4', draft, { keyed: write })
    const before = await allItems(db, table)
    await expect(
      catalog.postReview('keyed4', { ...draft, rating: 1 }, { keyed: { ...write, fingerprint: 'g' } }),
    ).rejects.toMatchObject({ name: 'KeyReused' })
    expect(await allItems(db, table)).toEqual(before)
  })
})

test('the rating stays what the stored reviews add up to while customers review, replace, reply and remove at the same moment', async () => {
  await put('storm', { body: aProduct })
  const statuses: number[] = []
  const people = Array.from({ length: 5 }, (_, n) => customer(`c${n}`))
  await Promise.all(
    people.map(async (person, n) => {
      for (let round = 0; round < 6; round++) {
        const mine = await post('storm', stars(1 + ((n + round) % 5)), person)
        statuses.push(mine.statusCode)
        if (mine.json?.id === undefined) continue
        const remove = (authorizer: object) =>
          call('deleteReview', { path: { id: 'storm', reviewId: mine.json.id }, authorizer })
        const rest = await Promise.all([
          post('storm', { parentId: mine.json.id, body: 'Yes' }, people[(n + 1) % 5]),
          post('storm', stars(5), person),
          ...(round % 2 === 0 ? [remove(person), remove(moderator)] : []),
        ])
        statuses.push(...rest.map(({ statusCode }) => statusCode))
      }
    }),
  )
  console.log(
    Object.fromEntries([...new Set(statuses)].map((s) => [s, statuses.filter((t) => t === s).length])),
  )
  expect(statuses.filter((status) => status >= 500 && status !== 503)).toEqual([])
  await expectExactRating('storm')
  // Each customer has at most one review, and no reply is left without its review.
  const items = [...(await allItems(db, table)).values()].filter(({ pk }) => pk === 'PRODUCT#storm')
  const roots = items.filter(({ sk, rating }) => String(sk).startsWith('REVIEW#') && rating !== undefined)
  expect(new Set(roots.map(({ subject }) => subject)).size).toBe(roots.length)
  const pointers = items.filter(({ sk }) => String(sk).startsWith('REVIEWER#'))
  expect(pointers.map(({ reviewId }) => reviewId).sort()).toEqual(roots.map(({ id }) => id).sort())
  const ids = new Set(roots.map(({ id }) => id))
  const replies = items.filter(
    ({ sk, parentId }) => String(sk).startsWith('REVIEW#') && parentId !== undefined,
  )
  for (const { parentId } of replies) expect(ids).toContain(parentId)
  expect(items.filter(({ removed }) => removed !== undefined)).toEqual([])
  expect((await reviewsOf('storm')).length).toBe(roots.length)
}, 60_000)
