import type { Context } from 'aws-lambda'
import { type Level, metricLine } from '../telemetry/emf.ts'

/** What a job keeps of its time to say what it did, ms. */
const toEndMs = 2_000

/** When a job has to end, by performance.now(): before Lambda ends it; 30 s from now where nobody does. */
export const deadlineOf = (context: Partial<Context> | undefined): number =>
  performance.now() + (context?.getRemainingTimeInMillis?.() ?? 30_000 + toEndMs) - toEndMs

/** Tells what a job did in one line, log and metrics at once. Zeros are told: that a job found nothing is worth knowing. */
export function logJob(job: string, level: Level, metrics: Record<string, number>, about: object = {}): void {
  // Not by console.log, which Lambda writes something before.
  process.stdout.write(metricLine({ job }, level, metrics, about))
}

/** Why something failed, a few of many: a line of log has to end somewhere. */
export class Reasons {
  readonly #some = new Set<string>()

  add(error: unknown): void {
    if (this.#some.size < 5) this.#some.add(textOf(error))
  }

  get all(): string[] {
    return [...this.#some]
  }
}

/** An error with its cause, which alone says what was wrong with the database. */
const textOf = (error: unknown): string =>
  error instanceof Error && error.cause !== undefined ? `${error}: ${error.cause}` : String(error)
