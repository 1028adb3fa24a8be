import { expect, test } from 'vitest'
import { summarise } from '../../lib/storefront/summarise.ts'

const words = (count: number) => Array(count).fill('word').join(' ')

test.each([
  ['an empty text stays empty', ' \n ', ''],
  [
    'a short text stays whole, in one line',
    ' Six cups.\n\nFor gas and induction. ',
    'Six cups. For gas and induction.',
  ],
  [
    'a long text ends with the last sentence that fits',
    `First one. Second one! More ${words(40)}.`,
    'First one. Second one!',
  ],
  [
    'an abbreviation ends no sentence',
    `It weighs approx. 3 kg. Made of ${words(40)}.`,
    'It weighs approx. 3 kg.',
  ],
  [
    'a decimal point ends no sentence',
    `It holds 0.9 l of water. More ${words(40)}.`,
    'It holds 0.9 l of water.',
  ],
  [
    'other scripts end their sentences, too',
    `${'銅'.repeat(40)}。${'器'.repeat(150)}。`,
    `${'銅'.repeat(40)}。`,
  ],
  ['a paragraph without a full stop is a sentence', `For gas\n\n${words(40)}`, 'For gas'],
  ['a broken line is no end', `A kettle for\nslow ${words(40)}`, `A kettle for slow ${words(28)}...`],
  ['a sentence that does not fit ends after a word, with dots', words(40), `${words(31)}...`],
  ['a word that does not fit is cut', 'y'.repeat(300), `${'y'.repeat(157)}...`],
])('%s', (_, text, summary) => {
  expect(summarise(text)).toBe(summary)
})

test('a summary has at most 160 characters, and no half of one', () => {
  for (let length = 100; length < 200; length++) {
    const summary = summarise(`${'y'.repeat(length)}${'\u{1F469}\u200D\u{1F467}e\u0301'.repeat(40)}`)
    expect(summary.length).toBeLessThanOrEqual(160)
    expect(summary).toMatch(/^y+(\u{1F469}\u200D\u{1F467}e\u0301|\u{1F469}\u200D\u{1F467})*\.\.\.$/u)
  }
})
