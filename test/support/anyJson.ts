import * as fc from 'fast-check'

/** Texts that often break programs. */
const difficultTexts = [
  'a',
  'b',
  'c',
  '',
  ' ',
  '\0',
  'a\0b',
  '%',
  '%00',
  '%2e%2e%2f',
  '../a',
  'a/b',
  'a#b',
  'a|b',
  'e\u0301',
  'é',
  'ａ',
  'ﬁ',
  '\ud800',
  '\udc00\ud800',
  '\u2028',
  '\r\nset-cookie: a=b',
  '*',
  '"',
  '""',
  'W/"p-1"',
  '"p-1", "p-2"',
  '"p-99999999999999999999"',
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'null',
  'undefined',
  'NaN',
  '-0',
  '-1',
  '0',
  '1e999',
  '9007199254740993',
  '{}',
  '[]',
  ',',
  ',,,',
  'a,a,a',
  'kitchen/coffee',
  'eA.AAAAAAAAAAAAAAAAAAAAAA',
  'x'.repeat(300),
]

/** Any text, including all of Unicode, lone surrogates, control characters, and the texts above. */
export const anyText = fc.oneof(
  fc.constantFrom(...difficultTexts),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc
    .array(fc.integer({ max: 0xffff, min: 0 }), { maxLength: 20 })
    .map((units) => String.fromCharCode(...units)),
)

/** Any key, including keys with a meaning in JavaScript or in the API. */
export const anyKey = fc.oneof(
  fc.constantFrom(
    '__proto__',
    'constructor',
    'toString',
    'id',
    'title',
    'stock',
    'price',
    'add',
    'body',
    'rating',
  ),
  anyText,
)

/** Any JSON, with keys that have a meaning in JavaScript, and numbers that no integer can represent. */
export const anyJson: fc.Arbitrary<unknown> = fc.letrec((again) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom(null, true, false, 0, -1, 0.5, 1e300, -1e-300, Number.MAX_SAFE_INTEGER),
    anyText,
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.array(again('value'), { maxLength: 4 }),
    fc
      .array(fc.tuple(anyKey, again('value')), { maxLength: 4 })
      // Like JSON.parse, this makes `__proto__` an ordinary key.
      .map((entries) => Object.fromEntries(entries)),
  ),
})).value
