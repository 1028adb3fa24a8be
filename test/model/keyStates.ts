import { type Age, failed, type Key, type Token } from './key.ts'
import { entryText, leaseText } from './keyText.ts'

// Every kind of key that a script may find, as a key of the model and as text.

/** The caller's own lease. */
export const own: Token = 1
/** A lease of the same caller that Redis granted at another moment. */
export const ownLater: Token = 1.5
/** The lease of another caller. */
export const another: Token = 2
/** The fill id of the entry that the caller has seen. */
export const seen: Token = 3
/** The fill id of another entry. */
export const unseen: Token = 4
/** The version of every fill and removal. */
export const version = 5
/** The fill id of the entry at the main key, for a side key. */
export const mainFillId: Token = 5
/** The fill id of an entry that the main key held before. */
export const formerFillId: Token = 6

/** How long things live, ms. `shortLife`: Redis may drop the entry before a new lease ends. */
export const ms = {
  life: 50_000,
  shortLife: 15_000,
  leaseLeft: 12_000,
  lease: 30_000,
  entry: 70_000,
  mark: 10_000,
}
export type Life = keyof typeof ms

export interface KeyState {
  key: Key
  /** What the key holds, by Redis' clock. */
  text?: (now: number) => string
  /** The key holds a list in place of text. */
  isList?: true
  life?: Life | 'endless'
}

const versions = { older: version - 1, same: version, newer: version + 1 }
const leases = { own, 'own, of another moment': ownLater, another, failed }
const owners = {
  'of its schema': undefined,
  'of another schema': '2',
  'for the main entry': mainFillId,
  'for a former main entry': formerFillId,
}

export const keyStates: Record<string, KeyState> = {
  nothing: { key: {} },
  'an entry of another id': {
    key: { unreadable: {} },
    text: () => entryText({ version: 9, fillId: seen, id: 'b' }),
  },
  'an entry that was cut short': {
    key: { unreadable: { version: 4 } },
    text: () => entryText({ version: 4, fillId: seen }).slice(0, -1),
  },
  'a lease that was cut short': { key: { unreadable: {} }, text: () => leaseText(another).slice(0, -1) },
  'a lease without an end': { key: { unreadable: {} }, text: () => leaseText(another), life: 'endless' },
  'some text': { key: { unreadable: {} }, text: () => 'something else' },
  'empty text': { key: { unreadable: {} }, text: () => '' },
  'a list': { key: { unreadable: {} }, isList: true },
}
for (const [holder, lease] of Object.entries(leases)) {
  keyStates[`a lease: ${holder}`] = { key: { lease }, text: () => leaseText(lease), life: 'leaseLeft' }
  for (const [than, minVersion] of Object.entries(versions)) {
    const name = `a lease: ${holder}, for ${than} version`
    keyStates[name] = {
      key: { lease, minVersion },
      text: () => leaseText(lease, minVersion),
      life: 'leaseLeft',
    }
  }
}
for (const [than, entryVersion] of Object.entries(versions))
  for (const [owner, of] of Object.entries(owners))
    for (const [which, fillId] of Object.entries({ seen, unseen, 'filled by itself': own }))
      for (const [life, age] of Object.entries({ life: 0, shortLife: 3 } as const)) {
        const name = `an entry ${owner}, ${which}, of ${than} version, ${life}`
        addEntryStates(name, { version: entryVersion, of, fillId, age, life: life as Life })
      }

/** Adds an entry without a lease, with a lease that runs, and with a lease that has ended. */
function addEntryStates(
  name: string,
  {
    age,
    life,
    ...stored
  }: { version: number; of: Key['lease'] | string; fillId: Token; age: Age; life: Life },
): void {
  const { version, of, fillId } = stored
  const entry = { value: version, version, age, fillId, ...(of !== undefined && { of }) }
  keyStates[name] = { key: { entry }, text: () => entryText(stored), life }
  for (const [holder, lease] of Object.entries(leases)) {
    const text = (left: number) => (now: number) => entryText({ ...stored, lease, ends: now + left })
    const key = { entry, lease }
    keyStates[`${name}, lease: ${holder}`] = { key, text: text(ms.leaseLeft), life }
    keyStates[`${name}, lease that has ended: ${holder}`] = {
      key: { ...key, leaseEnded: true },
      text: text(-1000),
      life,
    }
  }
}
