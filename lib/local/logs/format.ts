import { SetupError } from '../../project/setupError.ts'
import type { RequestRecord } from '../inspector/index.ts'

/** How `npm start` prints what the functions do: a short line for each request, or their lines of JSON unchanged. */
export type LogFormat = 'short' | 'json'

/**
 * Reads the format from the environment variable AISLE_LOGS.
 *
 * @throws {SetupError} for a value other than `json` and `short`
 */
export function readLogFormat({ AISLE_LOGS }: NodeJS.ProcessEnv): LogFormat {
  if (!AISLE_LOGS || AISLE_LOGS === 'short') return 'short'
  if (AISLE_LOGS === 'json') return 'json'
  throw new SetupError(
    `AISLE_LOGS is ${JSON.stringify(AISLE_LOGS)}. Set it to json for the functions' own lines, or to short for one short line for each request`,
  )
}

/** The longest path in a line, characters. */
const maxPath = 120

/**
 * Formats a request as one line: the local time, method, path, status, what the cache did, and the whole duration with
 * the emulator of API Gateway and Lambda.
 *
 * @param time when the response was sent
 */
export function formatRequest(
  { method, path, status, outcome, detail, ms }: RequestRecord,
  time: Date,
): string {
  const did = outcome === 'none' ? '-' : outcome
  const reason = detail === undefined || detail === 'invalidation-done' ? '' : ` (${detail})`
  const shown = path.length > maxPath ? `${path.slice(0, maxPath - 1)}…` : path
  const duration = `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`
  return `${time.toTimeString().slice(0, 8)} ${method} ${toVisible(shown)} ${status} ${did}${reason} ${duration}`
}

/** Encodes every byte of a request target that a terminal may interpret. Node accepts bytes from 0x80. */
const toVisible = (target: string): string =>
  target.replace(/[^\x21-\x7e…]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
