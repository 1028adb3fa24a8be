import { describe, expect, test } from 'vitest'
import { aProduct, type Call, freshHandlers } from '../support/http.ts'

const { call, get, put } = await freshHandlers()

/** Every write that takes If-Match. */
const writes: Record<string, Call> = {
  putProduct: { body: { ...aProduct, variants: [{ sku: 'S', price: aProduct.price, stock: 3 }] } },
  patchProduct: { body: { title: 'x' } },
  patchVariant: { body: { stock: 1 } },
  deleteProduct: {},
}

/** The tags that name a version, as this release, other releases and compressing proxies write them. */
const tagsOf = (version: number): Record<string, string> => ({
  'the tag of this release': `"p-${version}-1"`,
  'the tag of a release before tags had a shape': `"p-${version}"`,
  'the tag of another shape': `"p-${version}-27"`,
  'a weak tag': `W/"p-${version}-1"`,
  'a weak tag without a shape': `W/"p-${version}"`,
  'a tag that Apache marked as compressed': `"p-${version}-1-gzip"`,
  'a list': `"p-1-1", W/"x", W/"p-${version}-1" , "y"`,
  'a list without spaces': `"x",W/"p-${version}",W/"p-2"`,
})

describe('If-Match looks at the version alone', () => {
  for (const [name, valid] of Object.entries(writes)) {
    const write = async (toTag: (version: number) => string) => {
      const { json } = await put('a', writes.putProduct)
      return call(name, {
        ...valid,
        path: { id: 'a', sku: 'S' },
        headers: { 'if-match': toTag(json.version) },
      })
    }

    for (const what of Object.keys(tagsOf(1))) {
      test(`${name} accepts ${what} of the current version`, async () => {
        const { statusCode } = await write((version) => tagsOf(version)[what] ?? '')
        expect([200, 204]).toContain(statusCode)
      })

      test(`${name} refuses ${what} of another version`, async () => {
        const { statusCode } = await write((version) => tagsOf(version - 1)[what] ?? '')
        expect(statusCode).toBe(412)
      })
    }

    test(`${name} refuses tags that name no version`, async () => {
      for (const toTag of [
        (version: number) => `"${version}"`,
        (version: number) => `p-${version}-1`,
        (version: number) => `"q-${version}-1"`,
        (version: number) => `"p-${version}1"`,
        (version: number) => `"p-${version}.0"`,
        () => '"p-"',
        () => '""',
        () => '',
      ])
        expect(await write(toTag), toTag(1)).toMatchObject({ statusCode: 412 })
    })
  }
})

describe('If-None-Match looks at the whole tag by weak comparison', () => {
  test('so the tag of another shape or without one gets the product again', async () => {
    const { json, headers } = await put('b', { body: aProduct })
    const { etag = '' } = headers
    expect(etag).toBe(`"p-${json.version}-1"`)
    const statusOf = async (tag: string) => (await get('b', { headers: { 'if-none-match': tag } })).statusCode
    for (const same of [etag, `W/${etag}`, `"x", W/${etag}`, '*'])
      expect(await statusOf(same), same).toBe(304)
    for (const other of [`"p-${json.version}"`, `W/"p-${json.version}"`, `"p-${json.version}-27"`, '"x"'])
      expect(await statusOf(other), other).toBe(200)
  })
})
