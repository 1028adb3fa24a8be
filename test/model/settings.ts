import { type Explored, explore } from './explore.ts'
import { broken } from './properties.ts'
import { allGuards, type Guard, isEnd, type Setting, starts, steps } from './protocol.ts'
import { encode } from './state.ts'

const inProcesses = (...processes: number[]) => processes.map((process) => ({ process }))

/**
 * Each is small enough to be explored completely, and together they bring every kind of actor and trouble. In all of
 * them leases run out at any moment.
 */
export const settings = {
  'readers and writers race while keys are evicted': {
    readers: inProcesses(0, 0, 1),
    writers: inProcesses(0, 1),
    faults: { eviction: true, waitsEnd: true, commitThrows: true },
  },
  'readers come again while writers race': {
    readers: [
      { process: 0, gets: 2 },
      { process: 1, gets: 2 },
    ],
    writers: inProcesses(0, 1),
    faults: { eviction: true, waitsEnd: true },
  },
  'readers of one process join loads that may fail': {
    readers: inProcesses(0, 0, 0, 0),
    writers: inProcesses(0),
    faults: { loadFails: true },
  },
  'stale entries are refreshed by loads that may fail': {
    readers: inProcesses(0, 0, 1),
    writers: inProcesses(1),
    faults: { ageing: true, loadFails: true },
  },
  'Redis fails readers and writers': {
    readers: inProcesses(0, 0, 1),
    writers: inProcesses(0),
    faults: { redisAway: true, removalFails: true, loadFails: true, eviction: true, waitsEnd: true },
  },
  'Redis fails those who refresh': {
    readers: inProcesses(0, 0),
    writers: inProcesses(0),
    faults: { redisAway: true, removalFails: true, loadFails: true, ageing: true },
  },
  'two removals of one process are deferred': {
    readers: inProcesses(0, 0, 1),
    writers: inProcesses(0, 0),
    faults: { removalFails: true },
  },
  'the stream makes good what writers leave behind': {
    readers: inProcesses(0, 1),
    writers: inProcesses(0, 1),
    faults: { removalFails: true, writerKilled: true, commitIsLate: true },
    stream: true,
  },
  'the stream comes between refreshes': {
    readers: inProcesses(0, 1),
    writers: inProcesses(0, 1),
    faults: { ageing: true, writerKilled: true },
    stream: true,
  },
  'the table is edited past the catalog': {
    readers: inProcesses(0, 1),
    writers: [{ process: 0 }, { process: 1 }, { process: 1, kind: 'edit' }],
    faults: { versionsFall: true, writerKilled: true },
    stream: true,
  },
  'everything goes wrong at once': {
    readers: [
      { process: 0, gets: 2 },
      { process: 0, gets: 2 },
    ],
    writers: inProcesses(0),
    faults: {
      eviction: true,
      ageing: true,
      redisAway: true,
      waitsEnd: true,
      loadFails: true,
      commitThrows: true,
      commitIsLate: true,
      removalFails: true,
      writerKilled: true,
    },
    stream: true,
  },
} satisfies Record<string, Omit<Setting, 'guards'>>
export type SettingName = keyof typeof settings

/** Explores a setting completely, or to the first violation, with all guards but one. */
export function exploreSetting(name: SettingName, without?: Guard, limit = 500_000): Explored {
  const setting: Setting = { ...settings[name], guards: { ...allGuards } }
  if (without) setting.guards[without] = false
  return explore(
    {
      starts: starts(setting),
      steps: (state) => steps(state, setting),
      encode,
      isEnd,
      broken: (from, step) => broken(from, step, setting),
    },
    limit,
  )
}
