/** An error that the person at the terminal can fix. Commands print its message as one line, without a stack. */
export class SetupError extends Error {
  override name = 'SetupError'
}
