import * as z from 'zod/mini'
import { describeAmount, describeIssue } from './describeIssue.ts'
import { type Fault, InvalidProduct } from './errors.ts'

// zod/mini has no messages of its own. A message of a schema precedes this one.
z.config({ localeError: describeIssue })

/**
 * Checks an input against a schema, and returns it with the schema's defaults filled in and its text normalised.
 *
 * @throws {InvalidProduct} with a pointer to each invalid field
 */
export function validate<T extends z.ZodMiniType>(schema: T, input: unknown): z.output<T> {
  const { data, faults } = check(schema, input)
  if (faults) throw new InvalidProduct(faults)
  return data
}

/** Checks an input against a schema like {@link validate}, and returns its faults instead of throwing them. */
export function check<T extends z.ZodMiniType>(
  schema: T,
  input: unknown,
): { data: z.output<T>; faults?: never } | { data?: never; faults: Fault[] } {
  const parsed = schema.safeParse(input, { error: (issue) => describeAmount(issue, input) })
  if (parsed.success) return { data: parsed.data }
  const { issues } = parsed.error
  // One fault per pointer. If several checks of a field fail, the last one is the most specific. A wrong type precedes
  // them all: zod checks the length even of a list in the place of a text.
  const wrongTypes = issues.filter(({ code }) => code === 'invalid_type')
  const faults = [...issues, ...wrongTypes].flatMap(toFaults)
  return { faults: [...new Map(faults.map((fault) => [fault.pointer, fault])).values()] }
}

/** Converts an issue that zod found to faults. Each unknown key becomes a fault with a pointer of its own. */
export const toFaults = (issue: z.core.$ZodIssue): Fault[] =>
  issue.code === 'unrecognized_keys'
    ? issue.keys.map((name) => ({ pointer: toPointer([...issue.path, name]), detail: 'Unknown field' }))
    : [{ pointer: toPointer(issue.path), detail: issue.message }]

const toPointer = (path: readonly PropertyKey[]) =>
  path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
