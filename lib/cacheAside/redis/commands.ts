import type { Cluster, Redis, Result } from 'ioredis'
import { fill, fillSideEntry, inspect, lease, leaseSideEntry, release, removeOlder } from './scripts.ts'

declare module 'ioredis' {
  interface RedisCommander<Context> {
    /**
     * Takes a lease. Returns `T` and the whole token, or else the text that the key holds.
     *
     * @param fillToReplace the id of the fill whose stale entry the caller has seen; empty if it has seen
     *   none
     */
    cacheAsideLease(
      key: string,
      callerPart: string,
      ms: number,
      fillToReplace: string,
      id: string,
    ): Result<string, Context>
    /**
     * Does the same for a side key, if the main key still holds the entry of this fill. Returns '' if it does
     * not.
     */
    cacheAsideLeaseSideEntry(
      sideKey: string,
      mainKey: string,
      callerPart: string,
      ms: number,
      fillToReplace: string,
      id: string,
      mainFillId: string,
    ): Result<string, Context>
    /** Stores an entry. Returns 1 if it is stored. */
    cacheAsideFill(
      key: string,
      token: string,
      entry: string,
      ms: number,
      version: number,
    ): Result<0 | 1, Context>
    /** Does the same for a side key, if the main key still holds the entry of this fill. */
    cacheAsideFillSideEntry(
      sideKey: string,
      mainKey: string,
      token: string,
      entry: string,
      ms: number,
      version: number,
      mainFillId: string,
    ): Result<0 | 1, Context>
    /**
     * Ends the lease with this token, or with this caller's part of a token. With 0 ms it gives the lease
     * back; otherwise it leaves, for that long, the mark that the load has failed.
     */
    cacheAsideRelease(key: string, token: string, ms: number): Result<0 | 1, Context>
    /**
     * Removes what is older than a version. Takes the number of keys; the keys, those of the former format
     * last; the version; the number of keys of the former format; and the id.
     */
    cacheAsideRemove(...keysAndArguments: [keys: number, ...string[]]): Result<number, Context>
    /** Reads what a key holds, for how long, and the time of Redis. */
    cacheAsideInspect(
      key: string,
    ): Result<[now: number, pttl: number, bytes: number, text: string | null], Context>
  }
}

/**
 * Adds the scripts to a client as commands. ioredis sends their hash, and their text if Redis does not know
 * the hash.
 */
export function defineCommands(redis: Redis | Cluster): void {
  redis.defineCommand('cacheAsideLease', { numberOfKeys: 1, lua: lease })
  redis.defineCommand('cacheAsideLeaseSideEntry', { numberOfKeys: 2, lua: leaseSideEntry })
  redis.defineCommand('cacheAsideFill', { numberOfKeys: 1, lua: fill })
  redis.defineCommand('cacheAsideFillSideEntry', { numberOfKeys: 2, lua: fillSideEntry })
  redis.defineCommand('cacheAsideRelease', { numberOfKeys: 1, lua: release })
  redis.defineCommand('cacheAsideRemove', { lua: removeOlder })
  redis.defineCommand('cacheAsideInspect', { numberOfKeys: 1, lua: inspect })
}
