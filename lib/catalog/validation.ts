import * as z from 'zod/mini'
import english from 'zod/v4/locales/en.js'
import { type Fault, InvalidProduct } from './errors.ts'

// zod/mini has no messages of its own.
z.config(english())

/**
 * Checks an input against a schema, and returns it with the schema's defaults filled in and its text normalised.
 *
 * @throws {InvalidProduct} with a pointer to each invalid field
 */
export function validate<T extends z.ZodMiniType>(schema: T, input: unknown): z.output<T> {
  const parsed = schema.safeParse(input)
  if (parsed.success) return parsed.data
  // One fault per pointer: if several checks of a field fail, the last one is the most specific.
  const faults = parsed.error.issues.flatMap(toFaults)
  throw new InvalidProduct([...new Map(faults.map((fault) => [fault.pointer, fault])).values()])
}

/** Converts an issue that zod found to faults. Each unknown key becomes a fault with a pointer of its own. */
export const toFaults = (issue: z.core.$ZodIssue): Fault[] =>
  issue.code === 'unrecognized_keys'
    ? issue.keys.map((name) => ({ pointer: toPointer([...issue.path, name]), detail: 'Unknown field' }))
    : [{ pointer: toPointer(issue.path), detail: issue.message }]

const toPointer = (path: readonly PropertyKey[]) =>
  path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
