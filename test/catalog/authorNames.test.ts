import { describe, expect, test } from 'vitest'
import { aProduct, freshHandlers } from '../support/http.ts'
import { customer } from '../support/reviewers.ts'

const { call, put } = await freshHandlers()

const stars = { rating: 5, body: 'Good.' }
const shop = { subject: 'shop', scope: 'catalog:write reviews:write' }
let people = 0
/** Posts a review of an author whom the token names, and one of an author whom the body names. */
async function post(name: string) {
  await put('names', { body: aProduct })
  const request = { path: { id: 'names' } }
  return [
    await call('postReview', { ...request, body: stars, authorizer: customer(`s${people++}`, name) }),
    await call('postReview', { ...request, body: { ...stars, author: name }, authorizer: shop }),
  ]
}

describe('the name of an author is refused, in a token with 403 and in a body with 422,', () => {
  for (const [what, name] of [
    ['without a letter or a digit', '!?'],
    ['of a Braille blank', '\u2800'],
    ['of an invisible letter', '\u3164'],
    ['with an invisible letter', 'Ann\u3164'],
    ['of a zero-width space', '\u200b'],
    ['with a zero-width space', 'An\u200bn'],
    ['with a soft hyphen', 'An\u00adn'],
    ['with a byte order mark', 'An\ufeffn'],
    ['that runs from right to left by a control character', '\u202epohs ehT'],
    ['in isolates', '\u2066Ann\u2069'],
    ['with a control character of C1', 'The shop\u0085itself'],
    ['with an escape sequence of a terminal', '\u009b31mAnn'],
    ['with a line separator', 'Ann\u2028The shop'],
    ['with tags', 'Ann\u{e0041}'],
    ['with a heap of marks', `Z${'\u0301'.repeat(20)}`],
    ['with a joiner between words', 'Ann \u200d Bea'],
  ] as const)
    test(what, async () => {
      expect((await post(name)).map(({ statusCode }) => statusCode)).toEqual([403, 422])
    })
})

describe('the name of an author is shown as it is sent', () => {
  for (const name of [
    'Zoë Grün',
    "Seán O'Neill-Ó Súilleabháin",
    '王小明',
    '佐々木 翔',
    'Nguyễn Thị Minh',
    'สมชาย ใจดี',
    'عبد الله',
    'علی\u200cرضا',
    'श्रीमती शर्मा',
    'ක්\u200dරිශාන්',
    'user_42',
    'Ann \u2764\ufe0f',
    'Team \u{1f469}\u200d\u{1f4bb}',
  ])
    test(name, async () => {
      for (const { statusCode, json } of await post(name))
        expect([statusCode, json.author]).toEqual([201, name.normalize('NFC')])
    })
})

test('spaces around the name of an author are left out', async () => {
  for (const { json } of await post('  Ann\u00a0')) expect(json.author).toBe('Ann')
})
