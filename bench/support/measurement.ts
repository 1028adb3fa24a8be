/** Takes a measurement. `report` shows the progress to the person who waits for it. */
export type Measure = (report: (progress: string) => void) => Promise<Measured>

/** The result of a measurement. */
export interface Measured {
  rows: Rows
  /** The figures with a target, by a description of the figure. */
  demands: Record<string, Demand>
  /** Further figures, by a description. */
  notes?: Record<string, number>
}

/** The lines of the printed table, by their names. */
export type Rows = Record<string, Record<string, string | number>>

export interface Demand {
  wanted: string
  measured: number
  met: boolean
}

/** Set by `--quick`. The variable passes the option on to the processes of a measurement. */
export const quickVariable = 'AISLE_BENCH_QUICK'

/** Returns the number of rounds: the usual number, or at most 3 with `--quick`. */
export const roundsOf = (usual: number): number => (process.env[quickVariable] ? Math.min(3, usual) : usual)

export const atLeast = (wanted: number, measured: number): Demand => ({
  wanted: `at least ${wanted}`,
  measured,
  met: measured >= wanted,
})

export const atMost = (wanted: number, measured: number): Demand => ({
  wanted: `at most ${wanted}`,
  measured,
  met: measured <= wanted,
})

export const exactly = (wanted: number, measured: number): Demand => ({
  wanted: `${wanted}`,
  measured,
  met: measured === wanted,
})
