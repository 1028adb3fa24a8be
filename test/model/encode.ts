import { callerPart, type Entry, failed, falselyFailed, type Key, type Token } from './key.ts'
import type { Flight, Process, Promised, Reader, State } from './state.ts'

/**
 * Returns a state as text, short because there are very many. Readers of one process are interchangeable: they are
 * ordered by what they are about to do, and leases are numbered in the order in which the text reaches them. If two
 * readers do the same, one state may have two texts; then the exploration visits it twice.
 */
export function encode(state: State): string {
  const texts = state.readers.map(readerText)
  const order = texts.map((_, i) => i).sort((a, b) => ((texts[a] as string) < (texts[b] as string) ? -1 : 1))
  const places = new Map(order.map((reader, place) => [reader, place]))
  const names = new Map<Token, number>()
  const name = (token: Token | undefined) => {
    if (token === undefined) return ''
    if (token < 0) return token === failed ? '!' : token === falselyFailed ? '?' : 'x'
    const caller = callerPart(token)
    const known = names.get(caller) ?? names.size
    names.set(caller, known)
    return known + token - caller
  }
  let text = `Redis ${keyText(state.key, name)}`
  for (const i of order) {
    const { token, seen } = state.readers[i] as Reader
    text += `|${texts[i]}${token === undefined ? '' : `>${name(token)}`}${seen ? `~${name(seen.fillId)}` : ''}`
  }
  const flights = state.flights.map((flight) => [flightText(flight, places), flight] as const)
  for (const [flight, { token }] of flights.sort(([a], [b]) => (a < b ? -1 : 1)))
    text += `|${flight}${name(token)}`
  for (const { process, token, commands } of state.abandoned) {
    text += `|abandoned${process}.${name(token)}`
    for (const each of commands) {
      text += `,${each.does}`
      if (each.does === 'lease') text += `${name(each.seen)}.${each.age}${each.again ? '+' : ''}`
      if (each.does === 'fill') text += each.value
      if (each.does === 'release') text += name(each.mark)
    }
  }
  for (const { at, value } of state.writers) text += `|${at}${value}`
  const { versions, done, delivered, mayLoad, replica } = state
  for (const each of state.processes) text += `|${processText(each, done)}`
  text += `|${versions}|${done}|${delivered}${mayLoad ? '' : '-'}${state.killed ? 'k' : ''}`
  if (state.failedOver) text += 'f'
  return replica ? `${text}|replica ${keyText(replica.key, name)}.${replica.done}` : text
}

function processText(
  { deferred, olderThan, own, served, isBreakerOpen, fallback }: Process,
  done: number,
): string {
  const outbox = `${deferred}.${olderThan ?? ''}`
  const whileAway = `${isBreakerOpen ? 'open' : ''}${fallback === undefined ? '' : `fallback${fallback}`}`
  return `${outbox}.${own}.${beyond({ done, own, served })}${whileAway}`
}

function readerText({ process, gets, at, promised, seen, minVersion, delivering, fallback }: Reader): string {
  if (at === 'idle') return `${process}idle${gets}`
  const floor = `${promised.done}.${promised.own}.${beyond(promised)}`
  const outbox = delivering ? `${delivering.deferred}.${delivering.olderThan ?? ''}` : ''
  const found = `${seen ? entryText(seen) : ''}-${minVersion ?? ''}`
  return `${process}${at}${gets}.${floor}${found}-${outbox}${fallback ? 'f' : ''}`
}

/** The served value matters only if it promises more than the writes do. */
const beyond = ({ done, own, served }: Promised) => (served > Math.max(done, own) ? served : '')

const entryText = ({ value, age }: Entry) => `E${value}.${age}`

function keyText(
  { entry, lease, leaseEnded, minVersion, mayDropEarly }: Key,
  name: (token: Token) => unknown,
): string {
  const stored = entry ? `${entryText(entry)}#${name(entry.fillId)}` : ''
  const taken =
    lease === undefined
      ? ''
      : `L${name(lease)}${leaseEnded ? 'ended' : ''}${mayDropEarly ? 'may drop early' : ''}`
  return `${stored}${taken}${minVersion === undefined ? '' : `>=${minVersion}`}`
}

function flightText(
  { process, at, value, leader, followers, earlierReaders, isForFallback, isAbandoned }: Flight,
  places: Map<number, number>,
) {
  const placesOf = (readers: number[]) => readers.map((reader) => places.get(reader)).sort()
  const lead = leader === undefined ? '' : places.get(leader)
  return `${process}${at}${value ?? ''}${isForFallback ? 'for fallback' : ''}${isAbandoned ? 'abandoned' : ''}:${lead}:${placesOf(followers)}:${placesOf(earlierReaders)}:`
}
