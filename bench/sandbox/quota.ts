import { mkdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** The kernel shares a processor out in periods of so many µs. */
const periodUs = 20_000

/** Where control groups of either version hang, and what says how much of a processor one gets. */
const kinds = [
  {
    root: '/sys/fs/cgroup/cpu',
    limits: (quotaUs: number) => ({ 'cpu.cfs_period_us': periodUs, 'cpu.cfs_quota_us': quotaUs }),
  },
  { root: '/sys/fs/cgroup', limits: (quotaUs: number) => ({ 'cpu.max': `${quotaUs} ${periodUs}` }) },
]

/** A control group for processes that share a part of one processor. */
export interface Quota {
  /** Puts a process into it, with all of its threads, from now on. */
  hold(pid: number): void
  /** Takes it away, once its processes have ended. */
  end(): Promise<void>
}

/** @returns undefined where this process may make no control group: on Linux that takes root, as a rule */
export function quotaOf(share: number): Quota | undefined {
  for (const { root, limits } of kinds) {
    const folder = `${root}/aisle-bench-${process.pid}`
    try {
      mkdirSync(folder)
      for (const [file, limit] of Object.entries(limits(share * periodUs)))
        writeFileSync(`${folder}/${file}`, String(limit))
    } catch {
      continue
    }
    return {
      hold: (pid) => writeFileSync(`${folder}/cgroup.procs`, String(pid)),
      async end() {
        // The kernel takes a moment to see that the last one has ended.
        for (let tries = 0; ; tries++) {
          try {
            return rmdirSync(folder)
          } catch (error) {
            if (tries === 50) throw error
            await sleep(100)
          }
        }
      },
    }
  }
  return undefined
}
