/** Returns the time in ms, with fractions, by a clock that all processes of this machine share. */
export const now = (): number => performance.timeOrigin + performance.now()
