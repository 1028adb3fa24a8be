/**
 * Applies a JSON merge patch (RFC 7396): an object's members replace those of the target one by one, `null` removes,
 * anything else replaces the target as a whole. Neither argument is changed.
 *
 * With a list of what is left to do instead of recursion, since a patch may be nested as deeply as its sender likes; and
 * with objects that have no prototype, so that `__proto__` is a member like any other.
 */
export function mergePatch(target: unknown, patch: unknown): unknown {
  const root: Members = Object.create(null)
  const left: { into: Members; name: string; patch: unknown }[] = [{ into: root, name: 'result', patch }]
  root.result = target
  for (let step = left.pop(); step; step = left.pop()) {
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
      else left.push({ into: merged, name, patch: value })
    }
  }
  return root.result
}

type Members = Record<string, unknown>

const isObject = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
