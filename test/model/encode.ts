import { callerOf, type Entry, type Key, type Token } from './key.ts'
import type { Flight, Promised, Reader, State } from './state.ts'

/**
 * A state as text, short because there are very many. Readers of one process are interchangeable: they are named in the
 * order of what they are about to do, and leases in the order in which the text comes to them. Where two readers do the
 * same, one state may have two texts; then it is only visited twice.
 */
export function encode(state: State): string {
  const texts = state.readers.map(textOf)
  const order = texts.map((_, i) => i).sort((a, b) => ((texts[a] as string) < (texts[b] as string) ? -1 : 1))
  const places = new Map(order.map((reader, place) => [reader, place]))
  const names = new Map<Token, number>()
  const name = (token: Token | undefined) => {
    if (token === undefined) return ''
    if (token < 0) return token === -1 ? '!' : token === -2 ? '?' : 'x'
    const caller = callerOf(token)
    const known = names.get(caller) ?? names.size
    names.set(caller, known)
    return known + token - caller
  }
  let text = `Redis ${keyText(state.key, name)}`
  for (const i of order) {
    const { token, seen } = state.readers[i] as Reader
    text += `|${texts[i]}${token === undefined ? '' : `>${name(token)}`}${seen ? `~${name(seen.fill)}` : ''}`
  }
  const flights = state.flights.map((flight) => [flightText(flight, places), flight] as const)
  for (const [flight, { token }] of flights.sort(([a], [b]) => (a < b ? -1 : 1)))
    text += `|${flight}${name(token)}`
  for (const { process, token, commands } of state.sent) {
    text += `|sent${process}.${name(token)}`
    for (const each of commands) {
      text += `,${each.does}`
      if (each.does === 'lease') text += `${name(each.seen)}.${each.age}${each.again ? '+' : ''}`
      if (each.does === 'fill') text += each.value
      if (each.does === 'release') text += name(each.mark)
    }
  }
  for (const { at, value } of state.writers) text += `|${at}${value}`
  const { versions, done, delivered, mayLoad, replica } = state
  for (const { owed, due, own, served, open, kept } of state.processes)
    text += `|${owed}.${due ?? ''}.${own}.${beyond({ done, own, served })}${open ? 'open' : ''}${kept === undefined ? '' : `kept${kept}`}`
  text += `|${versions}|${done}|${delivered}${mayLoad ? '' : '-'}${state.killed ? 'k' : ''}`
  if (state.failedOver) text += 'f'
  return replica ? `${text}|replica ${keyText(replica.key, name)}.${replica.done}` : text
}

/** The same readers occur in many states. */
const readerTexts = new WeakMap<Reader, string>()

function textOf(reader: Reader): string {
  const known = readerTexts.get(reader)
  if (known !== undefined) return known
  const text = readerText(reader)
  readerTexts.set(reader, text)
  return text
}

function readerText({ process, gets, at, promised, seen, least, debts, fallback }: Reader): string {
  if (at === 'idle') return `${process}idle${gets}`
  return `${process}${at}${gets}.${promised.done}.${promised.own}.${beyond(promised)}${seen ? entryText(seen) : ''}-${least ?? ''}-${debts ? `${debts.owed}.${debts.due ?? ''}` : ''}${fallback ? 'f' : ''}`
}

/** What was served, where that promises more than the writes do. */
const beyond = ({ done, own, served }: Promised) => (served > Math.max(done, own) ? served : '')

const entryText = ({ value, age }: Entry) => `E${value}.${age}`

function keyText({ entry, lease, ended, least, brittle }: Key, name: (token: Token) => unknown): string {
  const stored = entry ? `${entryText(entry)}#${name(entry.fill)}` : ''
  const taken = lease === undefined ? '' : `L${name(lease)}${ended ? 'ended' : ''}${brittle ? 'brittle' : ''}`
  return `${stored}${taken}${least === undefined ? '' : `>=${least}`}`
}

function flightText(
  { process, at, value, leader, followers, after, keeps, givenUp }: Flight,
  places: Map<number, number>,
) {
  const named = (readers: number[]) => readers.map((reader) => places.get(reader)).sort()
  const led = leader === undefined ? '' : places.get(leader)
  return `${process}${at}${value ?? ''}${keeps ? 'keeps' : ''}${givenUp ? 'given up' : ''}:${led}:${named(followers)}:${named(after)}:`
}
