import { type Flight, type Process, places, type Reader, type State } from './besideState.ts'
import type { Key, Token } from './key.ts'

type Name = (token: unknown) => string

/** A state as text, short because there are very many; the same for states that differ only in the names of leases. */
export function encode(state: State): string {
  const names = new Map<Token, number>()
  const name: Name = (token) => {
    if (typeof token !== 'number') return token === undefined ? '' : `${token}`
    const known = names.get(token) ?? names.size
    names.set(token, known)
    return `${known}`
  }
  let text = ''
  for (const place of places)
    text += `${place} ${keyText(state.keys[place], name)}${state.mayLoad[place] ? '' : '-'}|`
  for (const reader of state.readers) text += `${readerText(reader, name)}|`
  for (const each of state.processes) text += `${processText(each, state.done)}|`
  text += `${state.written}${state.done}|`
  // Which load began first makes no difference.
  const flights = state.flights.map((each) => [flightText(each), each] as const)
  for (const [flight, { head, lease }] of flights.sort(([a], [b]) => (a < b ? -1 : 1)))
    text += `${flight}${name(lease)},${name(head)}|`
  return text
}

function keyText({ entry, lease, ended, least }: Key, name: Name): string {
  const stored = entry ? `E${entry.value}.${entry.age}#${name(entry.fill)} of ${name(entry.of)}` : ''
  return `${stored}${lease === undefined ? '' : `L${name(lease)}`}${ended ? 'ended' : ''}>${least ?? ''}`
}

function readerText({ at, gets, promised, place, head, seen, lease, least }: Reader, name: Name): string {
  if (at === 'idle') return `${gets}`
  return `${at}${gets}.${promised}${place}${name(head)},${name(seen)},${name(lease)}>${least ?? ''}`
}

/** What a process has served matters where it promises more than the writes do. */
const processText = ({ served, due }: Process, done: number): string =>
  `${served > done ? served : ''}${due ? `due${due.version}${due.places}` : ''}`

const flightText = ({ process, at, place, value, followers, after }: Flight): string =>
  `${process}${at}${place}${value ?? ''}:${followers}:${after}:`
