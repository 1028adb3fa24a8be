import { expect, test } from 'vitest'
import { hundredths, tenths } from '../../lib/telemetry/hundredths.ts'

test('milliseconds are written with two digits and with one, rounded, as numbers', () => {
  const times = [0, 0.004, 0.005, 0.049, 0.05, 0.23, 0.996, 1, 9.999, 12.3, 99.95, 1234.567, 3_600_000.04]
  for (const ms of times) {
    expect(hundredths(ms)).toBe((Math.round(ms * 100) / 100).toFixed(2))
    expect(tenths(ms)).toBe((Math.round(ms * 10) / 10).toFixed(1))
    expect(JSON.parse(hundredths(ms))).toBeCloseTo(ms, 1)
  }
})
