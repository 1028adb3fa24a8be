import type { Cluster, Redis, Result } from 'ioredis'

declare module 'ioredis' {
  interface RedisCommander<Context> {
    cacheAsideLease(
      key: string,
      token: string,
      ms: number,
      identity: string,
      seen: string,
    ): Result<1 | string, Context>
    cacheAsideFill(key: string, token: string, entry: string, ms: number): Result<0 | 1, Context>
    cacheAsideRelease(key: string, token: string, ms: number): Result<0 | 1, Context>
    cacheAsideInspect(
      key: string,
    ): Result<[now: number, pttl: number, bytes: number, text: string | null], Context>
    cacheAsideRemove(...keysAndVersion: [keys: number, ...string[]]): Result<number, Context>
  }
}

/** Redis' own clock, ms: the only one that leases run on. */
const now = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)`

/**
 * Takes the lease of a key, or hands back what stands there instead. It is to be had where nothing usable stands (nothing
 * at all, something of another type or schema or id, something cut short, a bare lease without an end), and in the very
 * entry that the caller has seen and found stale, where that carries no lease which still runs.
 */
const lease = `
local found = redis.pcall('GET', KEYS[1])
local kind = type(found) == 'string' and string.sub(found, 1, 1)
if kind == 'L' and #found == #ARGV[1] + 1 and redis.call('PTTL', KEYS[1]) > 0 then return found end
if (kind == 'E' or kind == 'N') and string.sub(found, 31, 30 + #ARGV[3]) == ARGV[3] then
  local lf = string.find(found, '\\n', 31 + #ARGV[3], true)
  local head = lf and string.sub(found, 31, lf - 1)
  if head and tonumber(string.match(head, '%d+$')) == #found - lf then
    if head ~= ARGV[4] then return found end
    ${now}
    if (tonumber(string.sub(found, 18, 30)) or 0) > now then return found end
    redis.call('SETRANGE', KEYS[1], 1, ARGV[1] .. string.format('%013.0f', now + ARGV[2]))
    return 1
  end
end
redis.call('SET', KEYS[1], 'L' .. ARGV[1], 'PX', ARGV[2])
return 1`

/** Stores an entry if the lease is still in place: no removal came, and nobody else took over. */
const fill = `
if redis.pcall('GETRANGE', KEYS[1], 1, #ARGV[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1`

/** After a failed load: the lease stays for a moment, so that the next load does not follow at once. */
const release = `
if redis.pcall('GETRANGE', KEYS[1], 1, #ARGV[1]) ~= ARGV[1] then return 0 end
if redis.call('GETRANGE', KEYS[1], 0, 0) == 'L' then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
${now}
redis.call('SETRANGE', KEYS[1], 1, string.rep('!', #ARGV[1]) .. string.format('%013.0f', now + ARGV[2]))
return 1`

/** Removes entries that are older than a version, and bare leases. What is of another type, or no entry, goes as well. */
const remove = `
local removed = 0
for _, key in ipairs(KEYS) do
  local found = redis.pcall('GET', key)
  local version
  if type(found) == 'string' and string.match(found, '^[EN]') then
    version = string.match(string.sub(found, 31), '^\\t[^\\n]*\\t(%d+) %d+ %d+ %d+ %d+\\n')
  end
  if not version or tonumber(version) < tonumber(ARGV[1]) then removed = removed + redis.call('DEL', key) end
end
return removed`

/** What stands at a key, how long it will, and what time it is, all at one moment. No text for what is of another type. */
const inspect = `
local found = redis.pcall('GET', KEYS[1])
local text = type(found) == 'string' and found
${now}
return { now, redis.call('PTTL', KEYS[1]), text and #text or 0, text }`

/** Teaches a client the scripts. ioredis sends their hash, and the text where Redis does not know it yet. */
export function defineScripts(redis: Redis | Cluster): void {
  redis.defineCommand('cacheAsideLease', { numberOfKeys: 1, lua: lease })
  redis.defineCommand('cacheAsideFill', { numberOfKeys: 1, lua: fill })
  redis.defineCommand('cacheAsideRelease', { numberOfKeys: 1, lua: release })
  redis.defineCommand('cacheAsideInspect', { numberOfKeys: 1, lua: inspect })
  redis.defineCommand('cacheAsideRemove', { lua: remove })
}
