import type { Context } from 'aws-lambda'

/** What a job keeps of its time to say what it did, ms. */
const toEndMs = 2_000

/** When a job has to end, by performance.now(): before Lambda ends it; 30 s from now where nobody does. */
export const deadlineOf = (context: Partial<Context> | undefined): number =>
  performance.now() + (context?.getRemainingTimeInMillis?.() ?? 30_000 + toEndMs) - toEndMs
