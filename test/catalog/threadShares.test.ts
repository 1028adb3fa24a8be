import { describe, expect, test } from 'vitest'
import { toReviewItem } from '../../lib/catalog/reviews/review.ts'
import {
  customersLimits,
  placeOfReply,
  placeOfRoot,
  shareOfCustomer,
} from '../../lib/catalog/reviews/thread.ts'
import { aProduct, freshHandlers } from '../support/http.ts'
import { putItems } from '../support/insertProducts.ts'
import { customer } from '../support/reviewers.ts'

const { call, put, db, table } = await freshHandlers()

const troll = customer('troll')
const shop = { subject: 'shop', scope: 'catalog:write reviews:write' }
const post = (id: string, body: unknown, authorizer: object) =>
  call('postReview', { path: { id }, body, authorizer })
/** Creates a product with a review of another customer. */
async function createReviewed(id: string): Promise<string> {
  await put(id, { body: aProduct })
  return (await post(id, { rating: 5, body: 'Good.' }, customer('bea'))).json.id
}
/** Posts replies until one is refused, and returns how many were stored, and the refusal. */
async function fill(id: string, reply: object, next: (n: number) => object) {
  for (let n = 0; ; n++) {
    const response = await post(id, reply, next(n))
    if (response.statusCode !== 201) return { stored: n, response }
  }
}
const refusal = { statusCode: 422, json: { errors: [{ pointer: '/parentId' }] } }

describe('a customer cannot close the thread of another', () => {
  test(`with many replies: at most ${shareOfCustomer.replies} of them are taken, at all depths together`, async () => {
    const parentId = await createReviewed('many')
    const { stored, response } = await fill('many', { parentId, body: 'No' }, () => troll)
    expect(response).toMatchObject(refusal)
    expect(stored).toBe(shareOfCustomer.replies)
    expect((await post('many', { parentId, body: 'Yes' }, customer('cy'))).statusCode).toBe(201)
    // In another thread the same customer may reply.
    const { json } = await post('many', { rating: 5, body: 'Good.' }, customer('dan'))
    expect((await post('many', { parentId: json.id, body: 'No' }, troll)).statusCode).toBe(201)
  })

  test('with long replies', async () => {
    const parentId = await createReviewed('long')
    const { stored, response } = await fill('long', { parentId, body: '\u20ac'.repeat(5000) }, () => troll)
    expect(response).toMatchObject(refusal)
    expect(stored).toBeLessThan(6)
    expect((await post('long', { parentId, body: 'Yes' }, customer('cy'))).statusCode).toBe(201)
  })
})

test('if customers have filled a thread, the shop can still reply', async () => {
  const parentId = await createReviewed('full')
  const long = { parentId, body: '\u20ac'.repeat(5000) }
  const { stored, response } = await fill('full', long, (n) => customer(`c${Math.floor(n / 4)}`))
  expect(response).toMatchObject(refusal)
  expect(stored * 15_000).toBeGreaterThan(customersLimits.bytes - 30_000)
  expect((await post('full', { parentId, body: 'Sorry', author: 'The shop' }, shop)).statusCode).toBe(201)
  expect(await post('full', { parentId, body: 'No' }, customer('late'))).toMatchObject(refusal)
})

test('if customers have filled a thread with short replies, the shop can still reply', async () => {
  await put('short', { body: aProduct })
  const { json: root } = await post('short', { rating: 5, body: 'Good.' }, customer('bea'))
  const toReply = (n: number) => {
    const { id: parentId, productId, createdAt } = root
    const reply = { id: `r${n}`, productId, parentId, body: 'No', author: 'Al', createdAt }
    return toReviewItem({ ...reply, ...placeOfReply(placeOfRoot(root), reply) })
  }
  await putItems(
    db,
    table,
    Array.from({ length: customersLimits.replies - 1 }, (_, n) => toReply(n)),
  )
  const reply = { parentId: root.id, body: 'Yes' }
  expect((await post('short', reply, customer('cy'))).statusCode).toBe(201)
  expect(await post('short', reply, customer('dan'))).toMatchObject(refusal)
  expect((await post('short', { ...reply, author: 'The shop' }, shop)).statusCode).toBe(201)
})
