import type { Cluster, Redis, Result } from 'ioredis'

declare module 'ioredis' {
  interface RedisCommander<Context> {
    cacheAsideLease(
      key: string,
      lease: string,
      ms: number,
      identity: string,
      seen: string,
    ): Result<1 | string, Context>
    cacheAsideFill(key: string, lease: string, entry: string, ms: number): Result<0 | 1, Context>
    cacheAsideRelease(key: string, lease: string, ms: number): Result<0 | 1, Context>
    cacheAsideRemove(...keysAndVersion: [keys: number, ...string[]]): Result<number, Context>
  }
}

/**
 * Takes the lease of a key where nothing usable stands: nothing at all, something of another type or schema or id,
 * something cut short, a lease without an end, or the entry whose first line the caller has seen and found expired.
 * Otherwise hands back what stands there.
 */
const lease = `
local found = redis.pcall('GET', KEYS[1])
local function usable()
  if type(found) ~= 'string' then return false end
  if string.sub(found, 1, 1) == 'L' then return #found == #ARGV[1] and redis.call('PTTL', KEYS[1]) > 0 end
  if string.sub(found, 2, #ARGV[3] + 1) ~= ARGV[3] then return false end
  local lf = string.find(found, '\\n', #ARGV[3] + 2, true)
  if not lf or string.sub(found, 1, lf - 1) == ARGV[4] then return false end
  return tonumber(string.match(string.sub(found, 1, lf - 1), '%d+$')) == #found - lf
end
if usable() then return found end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1`

/** Stores an entry if the lease is still in place: no removal came, and nobody else took over. */
const fill = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1`

/** Lets a lease end sooner, once its load has failed. */
const release = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])`

/** Removes entries that are older than a version, and leases. What is of another type, or no entry, goes as well. */
const remove = `
local removed = 0
for _, key in ipairs(KEYS) do
  local found = redis.pcall('GET', key)
  local version
  if type(found) == 'string' then version = string.match(found, '^[EN]\\t[^\\n]*\\t(%d+) %d+ %d+ %d+ %d+\\n') end
  if not version or tonumber(version) < tonumber(ARGV[1]) then removed = removed + redis.call('DEL', key) end
end
return removed`

/** Teaches a client the scripts. ioredis sends their hash, and the text where Redis does not know it yet. */
export function defineScripts(redis: Redis | Cluster): void {
  redis.defineCommand('cacheAsideLease', { numberOfKeys: 1, lua: lease })
  redis.defineCommand('cacheAsideFill', { numberOfKeys: 1, lua: fill })
  redis.defineCommand('cacheAsideRelease', { numberOfKeys: 1, lua: release })
  redis.defineCommand('cacheAsideRemove', { lua: remove })
}
