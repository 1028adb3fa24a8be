/**
 * Describes an error for the log: its kind and its message. If JSON.parse threw it, or its cause, only the kind is
 * logged: such a message quotes what was parsed, which may be a body or an entry.
 */
export function describeError(error: unknown): string {
  return error instanceof Error && quotesInput(error) ? error.name : String(error)
}

const quotesInput = (error: unknown): boolean =>
  error instanceof SyntaxError || (error instanceof Error && quotesInput(error.cause))
