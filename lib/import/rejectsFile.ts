import { appendFileSync, existsSync, openSync } from 'node:fs'
import { SetupError } from '../project/setupError.ts'
import type { Reject } from './report.ts'

/**
 * Returns a function that appends a reject to a file as a line of JSON. The first reject creates the file.
 *
 * @throws {SetupError} if the file exists
 */
export function createRejectsFile(file: string): (reject: Reject) => void {
  if (existsSync(file)) throw new SetupError(`${file} exists already: name a new file for --rejects`)
  let descriptor: number | undefined
  return (reject) => {
    descriptor ??= openSync(file, 'wx')
    appendFileSync(descriptor, `${toLine(reject)}\n`)
  }
}

function toLine(reject: Reject): string {
  try {
    return JSON.stringify(reject)
  } catch {
    // The row is nested too deeply to be written. The reject's line number says where to find it.
    return JSON.stringify({ ...reject, row: undefined })
  }
}
