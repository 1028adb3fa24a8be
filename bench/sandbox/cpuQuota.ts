import { mkdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** The period in which the kernel divides a processor, µs. */
const periodUs = 20_000

/** The root of the control groups of either version, and the files that limit a group's share of a processor. */
const versions = [
  {
    root: '/sys/fs/cgroup/cpu',
    limits: (quotaUs: number) => ({ 'cpu.cfs_period_us': periodUs, 'cpu.cfs_quota_us': quotaUs }),
  },
  { root: '/sys/fs/cgroup', limits: (quotaUs: number) => ({ 'cpu.max': `${quotaUs} ${periodUs}` }) },
]

/** A control group whose processes share a part of one processor. */
export interface CpuQuota {
  /** Moves a process with all its threads into the group. The limit applies from then on. */
  limit(pid: number): void
  /** Deletes the group, once its processes have ended. */
  end(): Promise<void>
}

/**
 * Creates a control group.
 *
 * @param share of one processor
 * @returns undefined if this process may not create control groups; on Linux that usually needs root
 */
export function createCpuQuota(share: number): CpuQuota | undefined {
  for (const { root, limits } of versions) {
    const group = `${root}/aisle-bench-${process.pid}`
    try {
      mkdirSync(group)
      for (const [file, limit] of Object.entries(limits(share * periodUs)))
        writeFileSync(`${group}/${file}`, String(limit))
    } catch {
      continue
    }
    return {
      limit: (pid) => writeFileSync(`${group}/cgroup.procs`, String(pid)),
      async end() {
        // The kernel notices the end of the last process after a moment.
        for (let tries = 0; ; tries++) {
          try {
            return rmdirSync(group)
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
