import { expect, test } from 'vitest'
import { type CacheAsideOptions, createCacheAside } from '../../lib/cacheAside/index.ts'
import { connectRedis } from '../support/connectRedis.ts'

const redis = connectRedis('redis://127.0.0.1:1')
const create = (options: Partial<CacheAsideOptions<unknown>>) =>
  createCacheAside({ redis, name: 'text', load: async () => undefined, ...options })

test('an option that can never work is refused, and the error names it', () => {
  const invalid: [keyof CacheAsideOptions<unknown>, number[]][] = [
    ['ttl', [Number.POSITIVE_INFINITY, Number.NaN, 0, -1, 0.5]],
    ['negativeTtl', [Number.POSITIVE_INFINITY, 0, 2.5]],
    ['staleWhileRevalidate', [Number.POSITIVE_INFINITY, 0.5, -1]],
    ['staleIfError', [0.5, Number.NaN, Number.POSITIVE_INFINITY]],
    ['leaseMs', [3000.5, Number.POSITIVE_INFINITY, 0]],
    ['waitMs', [Number.POSITIVE_INFINITY, 3500.5]],
    ['cacheTimeoutMs', [Number.POSITIVE_INFINITY, 0, 99.9]],
    ['loadTimeoutMs', [Number.POSITIVE_INFINITY, 0, 0.5]],
    ['fallbackMs', [Number.POSITIVE_INFINITY, -1, 0.5]],
    ['maxConcurrentLoads', [0, 1.5, Number.POSITIVE_INFINITY, Number.NaN]],
    ['jitter', [1, -0.1, Number.NaN]],
  ]
  for (const [option, values] of invalid)
    for (const value of values) {
      const createInvalid = () => create({ [option]: value })
      expect(createInvalid, `${option}: ${value}`).toThrow(TypeError)
      expect(createInvalid, `${option}: ${value}`).toThrow(option)
    }
})

test('a lease must be longer than a load, and a wait longer than a lease', () => {
  expect(() => create({ leaseMs: 2500, waitMs: 3500 })).toThrow(/leaseMs.*loadTimeoutMs/s)
  expect(() => create({ loadTimeoutMs: 3000 })).toThrow(/leaseMs.*loadTimeoutMs/s)
  expect(() => create({ waitMs: 3400 })).toThrow(/waitMs.*leaseMs/s)
  expect(() => create({ leaseMs: 4000 })).toThrow(/waitMs.*leaseMs/s)
  expect(() => create({ leaseMs: 4000, waitMs: 4500 })).not.toThrow()
})

test('the defaults, zeros and long durations are accepted', () => {
  expect(() => create({})).not.toThrow()
  expect(() => create({ staleWhileRevalidate: 0, staleIfError: 0, fallbackMs: 0, jitter: 0 })).not.toThrow()
  expect(() => create({ ttl: 365 * 86_400_000, negativeTtl: 1 })).not.toThrow()
})
