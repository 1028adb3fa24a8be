import { encode } from './encode.ts'
import { type Explored, explore } from './explore.ts'
import { allGuards, type Guard } from './guards.ts'
import { findBroken } from './properties.ts'
import { isEnd, type Setting, starts, steps } from './protocol.ts'

const inProcesses = (...processes: number[]) => processes.map((process) => ({ process }))

/**
 * Each setting is small enough to be explored completely. Together they contain every kind of actor and every fault. In
 * all of them leases run out at any moment.
 */
export const settings = {
  'readers and writers race while keys are evicted': {
    readers: inProcesses(0, 0, 1),
    writers: inProcesses(0, 1),
    faults: { eviction: true, waitsEnd: true, commitThrows: true },
  },
  'readers read twice while writers race': {
    readers: [
      { process: 0, gets: 2 },
      { process: 1, gets: 2 },
    ],
    writers: inProcesses(0, 1),
    faults: { eviction: true, waitsEnd: true },
  },
  'readers of one process join loads that may fail': {
    readers: inProcesses(0, 0, 1),
    writers: inProcesses(0),
    faults: { loadFails: true, timeEnds: true },
  },
  'stale entries are refreshed by loads that may fail': {
    readers: inProcesses(0, 0, 1),
    writers: inProcesses(1),
    faults: { ageing: 'served while stale', loadFails: true },
  },
  'entries are served only while fresh': {
    readers: [{ process: 0 }, { process: 1, gets: 2 }],
    writers: inProcesses(1),
    faults: { ageing: 'served fresh only', timeEnds: true },
  },
  'the clock of a process is ahead': {
    readers: [{ process: 0, gets: 2 }, { process: 1 }],
    writers: inProcesses(0),
    faults: { ageing: 'served while stale', clockAhead: true },
  },
  'Redis cannot be reached now and then': {
    readers: inProcesses(0, 0, 1),
    writers: inProcesses(0),
    faults: { redisAway: true, removalFails: true, loadFails: true, eviction: true, waitsEnd: true },
  },
  'answers are lost and commands arrive late': {
    readers: inProcesses(0, 0, 1),
    writers: inProcesses(1),
    faults: { answersLost: true, abandonedIsLost: true },
  },
  'commands arrive late at stale entries': {
    readers: inProcesses(0, 1),
    writers: inProcesses(1),
    faults: { answersLost: true, loadFails: true, ageing: 'served while stale' },
  },
  'commands are sent twice': {
    readers: inProcesses(0, 1),
    writers: inProcesses(1),
    faults: { sentTwice: true, redisAway: true, eviction: true },
  },
  'Redis is away and loads become the fallback': {
    readers: [{ process: 0 }, { process: 0, gets: 2 }],
    writers: inProcesses(0, 1),
    faults: { redisAway: true, breaker: true, removalFails: true },
  },
  'a process serves a value that it could not store': {
    readers: [{ process: 0 }, { process: 0, gets: 2 }, { process: 1 }],
    writers: inProcesses(1),
    faults: { redisAway: true },
    firstVersion: 1,
  },
  'a process is killed': {
    readers: inProcesses(0, 0, 1, 1),
    writers: inProcesses(0),
    faults: { processKilled: true },
  },
  'a replica takes over': {
    readers: [{ process: 0, gets: 2 }, { process: 1 }],
    writers: inProcesses(1),
    faults: { failover: true },
  },
  'two removals of one process are deferred': {
    readers: inProcesses(0, 0, 1),
    writers: inProcesses(0, 0),
    faults: { removalFails: true },
  },
  'the stream removes what killed writers left in Redis': {
    readers: inProcesses(0, 0),
    writers: inProcesses(0, 1),
    faults: { writerKilled: true, eventsRepeat: true },
    stream: true,
  },
  'the stream follows commits that happen late': {
    readers: inProcesses(0, 1),
    writers: inProcesses(0, 1),
    faults: { removalFails: true, writerKilled: true, commitIsLate: true },
    stream: true,
  },
  'stream events arrive between refreshes': {
    readers: inProcesses(0, 1),
    writers: inProcesses(0),
    faults: { ageing: 'served while stale', writerKilled: true },
    stream: true,
  },
  'the table is edited directly': {
    readers: inProcesses(0, 1),
    writers: [{ process: 0 }, { process: 1, kind: 'edit' }],
    faults: { versionsFall: true, writerKilled: true },
    stream: true,
  },
  'everything goes wrong at once': {
    readers: inProcesses(0, 0),
    writers: inProcesses(0),
    faults: {
      ...{ eviction: true, ageing: 'served while stale', redisAway: true, answersLost: true, waitsEnd: true },
      ...{ loadFails: true, commitThrows: true, removalFails: true, writerKilled: true },
    },
    stream: true,
  },
} satisfies Record<string, Omit<Setting, 'guards'>>
export type SettingName = keyof typeof settings

/** Explores a setting completely, or to the first violation, with all guards except `without`. */
export function exploreSetting(name: SettingName, without?: Guard, limit = 500_000): Explored {
  const setting: Setting = { ...settings[name], guards: { ...allGuards } }
  if (without) setting.guards[without] = false
  return explore(
    {
      starts: starts(setting),
      steps: (state) => steps(state, setting),
      encode,
      isEnd,
      findBroken: (from, step) => findBroken(from, step, setting),
    },
    limit,
  )
}
