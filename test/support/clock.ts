/** Milliseconds by a clock that all processes of this machine share, and that nobody sets: only differences mean something. */
export const sharedNow = (): number => Number(process.hrtime.bigint()) / 1e6

const MachineDate = Date
let aheadMs = 0

/** What `Date` is for code that is loaded after this was called: right or wrong, by {@link putClockAhead}. */
class WrongDate extends MachineDate {
  constructor(...args: [] | [number | string | Date]) {
    if (args.length === 0) super(WrongDate.now())
    else super(...args)
  }

  static override now(): number {
    return MachineDate.now() + aheadMs
  }
}

/** Puts the clock of this process ahead of the machine's, by so many ms; behind it below 0. Timers go on as they do. */
export function putClockAhead(ms: number): void {
  aheadMs = ms
  globalThis.Date = WrongDate as DateConstructor
}
