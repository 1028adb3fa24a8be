/** One atomic step from a state to the next. */
export interface StepTo<S> {
  /** Which actor does what, in words. */
  does: string
  to: S
}

/** A system of states and atomic steps, and the properties that must hold in it. */
export interface Model<S, T extends StepTo<S>> {
  starts: S[]
  /** Returns every step that may come next. */
  steps: (state: S) => T[]
  /** Returns the same text for states that are equivalent. */
  encode: (state: S) => string
  /** Returns whether no actor has anything left to do. Such a state must be reachable from every state. */
  isEnd: (state: S) => boolean
  /** Returns the name of the property that a step breaks, if any. */
  findBroken: (from: S, step: T) => string | undefined
}

export interface Explored {
  states: number
  steps: number
  /** A property that is broken, and one of the shortest traces that break it. */
  violation?: { property: string; trace: string }
}

/** The property that is reported as broken if no end can be reached from a state. */
export const neverEnds = 'every get ends'

/**
 * Visits every state of a model, breadth first, and stops at the first violation.
 *
 * @throws {RangeError} if there are more than `limit` states: visiting only some of them proves nothing
 */
export function explore<S, T extends StepTo<S>>(model: Model<S, T>, limit: number): Explored {
  const ids = new Map<string, number>()
  const states: S[] = []
  /** For each state: the state it was first reached from, and by which of that state's steps. A start points at itself. */
  const cameFrom: number[] = []
  const cameBy: number[] = []
  const edges: { from: number[]; to: number[] } = { from: [], to: [] }

  const visit = (state: S, from: number, by: number): number => {
    const text = model.encode(state)
    const known = ids.get(text)
    if (known !== undefined) return known
    const id = states.length
    if (id >= limit)
      throw new RangeError(`There are more than ${limit} states, so the exploration is not complete`)
    ids.set(text, id)
    states.push(state)
    cameFrom.push(from < 0 ? id : from)
    cameBy.push(by)
    return id
  }

  /** Returns the start and the steps that lead from it to a state, one step a line. */
  const traceTo = (end: number, last?: T): string => {
    const lines: string[] = last ? [last.does] : []
    let id = end
    while (cameFrom[id] !== id) {
      const from = cameFrom[id] as number
      lines.unshift((model.steps(states[from] as S)[cameBy[id] as number] as T).does)
      id = from
    }
    const start = model.encode(states[id] as S)
    return [`from ${start}`, ...lines.map((line, n) => `${String(n + 1).padStart(3)}. ${line}`)].join('\n')
  }

  for (const start of model.starts) visit(start, -1, -1)
  for (let id = 0; id < states.length; id++) {
    const state = states[id] as S
    for (const [by, step] of model.steps(state).entries()) {
      const property = model.findBroken(state, step)
      if (property) {
        const violation = { property, trace: traceTo(id, step) }
        return { states: states.length, steps: edges.to.length, violation }
      }
      edges.from.push(id)
      edges.to.push(visit(step.to, id, by))
    }
  }

  const explored = { states: states.length, steps: edges.to.length }
  const stuck = findStuckState(states.map(model.isEnd), edges)
  if (stuck === undefined) return explored
  return { ...explored, violation: { property: neverEnds, trace: traceTo(stuck) } }
}

/** Returns the first state from which no end can be reached. */
function findStuckState(ends: boolean[], { from, to }: { from: number[]; to: number[] }): number | undefined {
  // The edges backwards: for each state the last edge into it, and for each edge the previous edge into the same state.
  const lastInto = new Int32Array(ends.length).fill(-1)
  const before = new Int32Array(to.length)
  for (let edge = 0; edge < to.length; edge++) {
    const target = to[edge] as number
    before[edge] = lastInto[target] as number
    lastInto[target] = edge
  }
  const reaches = [...ends]
  const open = ends.flatMap((end, id) => (end ? [id] : []))
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    for (let edge = lastInto[id] as number; edge >= 0; edge = before[edge] as number) {
      const source = from[edge] as number
      if (reaches[source]) continue
      reaches[source] = true
      open.push(source)
    }
  }
  const first = reaches.indexOf(false)
  return first < 0 ? undefined : first
}
