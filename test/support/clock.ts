/** Returns the time of a monotonic clock that all processes of this machine share, ms. Only differences have a meaning. */
export const sharedNow = (): number => Number(process.hrtime.bigint()) / 1e6

const MachineDate = Date
let aheadMs = 0

/** The `Date` of this process after {@link putClockAhead}. */
class WrongDate extends MachineDate {
  constructor(...args: [] | [number | string | Date]) {
    if (args.length === 0) super(WrongDate.now())
    else super(...args)
  }

  static override now(): number {
    return MachineDate.now() + aheadMs
  }
}

/** Sets the clock of this process `ms` ahead of the machine's clock, or behind it if negative. Timers are unaffected. */
export function putClockAhead(ms: number): void {
  aheadMs = ms
  globalThis.Date = WrongDate as DateConstructor
}
