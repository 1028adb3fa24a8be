import { describe, expect, test } from 'vitest'
import { parseProduct } from '../../lib/catalog/product/parseProduct.ts'
import { aProduct } from '../support/http.ts'

const parse = (url: string) => parseProduct({ ...aProduct, images: [{ url, alt: '' }] })

describe('the url of an image', () => {
  test.each([
    'https://images.example/pot.jpg?width=3&v=1#x',
    'http://127.0.0.1:3000/pot.jpg',
    'https://images.example/töpfe/קנקן.jpg',
    'https://images.example/%E2%80%AE.jpg',
    '/pictures/pot.svg',
    '/a//b.svg',
  ])('is accepted: %j', (url) => {
    expect(parse(url).content.images[0]?.url).toBe(url)
  })

  test.each([
    '//host.example/x.jpg',
    '///host.example/x.jpg',
    '/\\host.example/x.jpg',
    'pot.jpg',
    'data:image/png;base64,AA',
    'javascript:alert(1)',
    ...['', 'https://images.example/'].flatMap((start) =>
      [
        ...['\0', '\x01', '\t', '\n', '\x1b', '\x7f', '\x80', '\x9f'],
        ...['\u061c', '\u200e', '\u200f', '\u202a', '\u202b', '\u202c', '\u202d', '\u202e'],
        ...['\u2066', '\u2067', '\u2068', '\u2069', '\u2028', '\ud800', '\ufffd'],
      ].map((character) => `${start || '/'}a${character}gpj.jpg`),
    ),
  ])('is refused: %j', (url) => {
    expect(() => parse(url)).toThrow(/^\/images\/0\/url: An image url/)
  })
})
