import * as fc from 'fast-check'

/** Texts that have broken one thing or another. */
const nasty = [
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

/** Any text: all of Unicode, half surrogate pairs, control characters, and what has broken things before. */
export const anyText = fc.oneof(
  fc.constantFrom(...nasty),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc
    .array(fc.integer({ max: 0xffff, min: 0 }), { maxLength: 20 })
    .map((units) => String.fromCharCode(...units)),
)

/** Keys, some of which mean something. */
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

/** Any JSON, with keys that mean something to JavaScript, and numbers that no integer holds. */
export const anyJson: fc.Arbitrary<unknown> = fc.letrec((again) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom(null, true, false, 0, -1, 0.5, 1e300, -1e-300, Number.MAX_SAFE_INTEGER),
    anyText,
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.array(again('value'), { maxLength: 4 }),
    fc
      .array(fc.tuple(anyKey, again('value')), { maxLength: 4 })
      // As JSON.parse makes it: a key `__proto__` is a key.
      .map((entries) => Object.fromEntries(entries)),
  ),
})).value
