/** Milliseconds by a clock that all processes of this machine share, and that nobody sets: only differences mean something. */
export const sharedNow = (): number => Number(process.hrtime.bigint()) / 1e6
