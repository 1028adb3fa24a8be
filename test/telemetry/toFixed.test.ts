import { expect, test } from 'vitest'
import { toFixed1, toFixed2 } from '../../lib/telemetry/toFixed.ts'

test('milliseconds are rounded to one or two decimals, and are valid JSON numbers', () => {
  const times = [0, 0.004, 0.005, 0.049, 0.05, 0.23, 0.996, 1, 9.999, 12.3, 99.95, 1234.567, 3_600_000.04]
  for (const ms of times) {
    expect(toFixed2(ms)).toBe((Math.round(ms * 100) / 100).toFixed(2))
    expect(toFixed1(ms)).toBe((Math.round(ms * 10) / 10).toFixed(1))
    expect(JSON.parse(toFixed2(ms))).toBeCloseTo(ms, 1)
  }
})
