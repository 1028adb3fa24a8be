import type { Key, Token } from './key.ts'
import { type Flight, type Process, places, type Reader, type State } from './sideState.ts'

type Name = (token: unknown) => string

/** Returns a state as text, short because there are very many. States that differ only in the names of leases have one text. */
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
  for (const [flight, { mainFillId, lease }] of flights.sort(([a], [b]) => (a < b ? -1 : 1)))
    text += `${flight}${name(lease)},${name(mainFillId)}|`
  return text
}

function keyText({ entry, lease, leaseEnded, minVersion }: Key, name: Name): string {
  const stored = entry ? `E${entry.value}.${entry.age}#${name(entry.fillId)} of ${name(entry.of)}` : ''
  return `${stored}${lease === undefined ? '' : `L${name(lease)}`}${leaseEnded ? 'ended' : ''}>${minVersion ?? ''}`
}

function readerText(
  { at, gets, promised, place, mainFillId, seen, lease, minVersion }: Reader,
  name: Name,
): string {
  if (at === 'idle') return `${gets}`
  return `${at}${gets}.${promised}${place}${name(mainFillId)},${name(seen)},${name(lease)}>${minVersion ?? ''}`
}

/** The value that a process has served matters only if it promises more than the writes do. */
const processText = ({ served, outbox }: Process, done: number): string =>
  `${served > done ? served : ''}${outbox ? `outbox${outbox.version}${outbox.places}` : ''}`

const flightText = ({ process, at, place, value, followers, earlierReaders }: Flight): string =>
  `${process}${at}${place}${value ?? ''}:${followers}:${earlierReaders}:`
