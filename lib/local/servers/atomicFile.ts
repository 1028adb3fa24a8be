import { randomUUID } from 'node:crypto'
import { linkSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { errorCode } from '../../project/errorCode.ts'
import { SetupError } from '../../project/setupError.ts'

/**
 * Writes a file in one step: a reader finds the earlier text or the new one, never a part.
 *
 * @throws {FailedWrite} if that fails; then the file is unchanged
 */
export const replaceFile = (file: string, text: string): void =>
  writeDraft(file, text, 0o666, (draft) => renameSync(draft, file))

/**
 * Creates a file in one step, and never replaces one that another process has just created.
 *
 * @param mode the permissions
 * @returns false if the file exists
 * @throws {FailedWrite} if it cannot be created
 */
export function createFile(file: string, text: string, mode = 0o666): boolean {
  let isCreated = true
  writeDraft(file, text, mode, (draft) => {
    try {
      linkSync(draft, file)
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error
      isCreated = false
    }
  })
  return isCreated
}

function writeDraft(file: string, text: string, mode: number, publish: (draft: string) => void): void {
  const draft = `${file}.${randomUUID()}`
  try {
    writeFileSync(draft, text, { mode })
    publish(draft)
  } catch (error) {
    throw new FailedWrite(file, error)
  } finally {
    rmSync(draft, { force: true })
  }
}

/** A file of the data directory, or `to the directory X`, that cannot be written. The message says what to do. */
export class FailedWrite extends SetupError {
  /** The code of the system's error. */
  readonly code: string

  constructor(what: string, error: unknown) {
    const code = errorCode(error)
    const isFull = ['ENOSPC', 'EDQUOT', 'EFBIG'].includes(code)
    const remedy = isFull ? 'Free some space there' : 'Make it writable'
    super(
      `Cannot write ${what} (${code}). ${remedy}, or choose another directory: AISLE_HOME=/some/directory`,
    )
    this.code = code
  }
}
