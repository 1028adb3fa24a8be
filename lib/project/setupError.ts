/** An error that a person can mend: shown as one line, without a stack. */
export class SetupError extends Error {
  override name = 'SetupError'
}
