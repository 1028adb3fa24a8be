/**
 * Applies a JSON merge patch (RFC 7396). The members of an object replace those of the target one by one, `null` removes a
 * member, and any other value replaces the target as a whole. Neither argument is changed.
 *
 * It uses a stack instead of recursion, because a client can nest a patch as deeply as it likes. It uses objects without a
 * prototype, so that `__proto__` is a member like any other.
 */
export function mergePatch(target: unknown, patch: unknown): unknown {
  const root: Members = Object.create(null)
  const stack: { into: Members; name: string; patch: unknown }[] = [{ into: root, name: 'result', patch }]
  root.result = target
  for (let step = stack.pop(); step; step = stack.pop()) {
    const { into, name, patch } = step
    if (!isObject(patch)) {
      into[name] = patch
      continue
    }
    const old = into[name]
    const merged: Members = Object.assign(Object.create(null), isObject(old) && old)
    into[name] = merged
    for (const [name, value] of Object.entries(patch)) {
      if (value === null) delete merged[name]
      else stack.push({ into: merged, name, patch: value })
    }
  }
  return root.result
}

type Members = Record<string, unknown>

const isObject = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
