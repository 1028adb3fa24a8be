import type { Cluster, Redis, Result } from 'ioredis'
import { failedToken, numbers, places } from './entry.ts'

declare module 'ioredis' {
  interface RedisCommander<Context> {
    /** Takes a lease: `T` and its whole token, or what stands in its way. */
    cacheAsideLease(
      key: string,
      callersPart: string,
      ms: number,
      seen: string,
      id: string,
    ): Result<string, Context>
    /** The same beside an entry of another schema at the second key, as long as that is the one with this fill token; else nothing. */
    cacheAsideLeaseBeside(
      key: string,
      beside: string,
      callersPart: string,
      ms: number,
      seen: string,
      id: string,
      besideFill: string,
    ): Result<string, Context>
    /** Stores an entry: 1 where it is stored. */
    cacheAsideFill(
      key: string,
      token: string,
      entry: string,
      ms: number,
      version: number,
    ): Result<0 | 1, Context>
    /** The same beside an entry of another schema at the second key, as long as that is the one with this fill token. */
    cacheAsideFillBeside(
      key: string,
      beside: string,
      token: string,
      entry: string,
      ms: number,
      version: number,
      besideFill: string,
    ): Result<0 | 1, Context>
    /** Ends a lease, known by its token or the caller's part: with 0 ms gives it back, else leaves for so long the mark that its load has failed. */
    cacheAsideRelease(key: string, token: string, ms: number): Result<0 | 1, Context>
    /** Removes what is older than a version. The keys, the former ones last, then version, number of the former, id. */
    cacheAsideRemove(...keysAndArguments: [keys: number, ...string[]]): Result<number, Context>
    cacheAsideInspect(
      key: string,
    ): Result<[now: number, pttl: number, bytes: number, text: string | null], Context>
  }
}

// Lua counts from 1 and names the last place, too.
const token = `2, ${places.ends}`
const ends = `${places.ends + 1}, ${places.fill}`
const fillToken = `${places.fill + 1}, ${places.identity}`
const identity = places.identity + 1
const failed = `'${failedToken}'`
const none = `'${'-'.repeat(failedToken.length)}0000000000000'`

/** Redis' own clock, ms: the only one that leases run on. */
const now = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)`

/**
 * Takes the lease of a key, or hands back what stands there instead. It is to be had where nothing usable stands (nothing
 * at all, something of another type or id, something cut short, a bare lease without an end), and in the very entry that
 * the caller has seen and found stale, where that carries no lease which still runs; also in one of another schema, whose
 * readers are served it meanwhile, or when loading fails. An entry that may be dropped before the fill comes gives way to
 * the lease: it may not be served any more. A caller whose own lease stands there already was sent again by its client,
 * and holds it.
 */
const lease = `
local found = redis.pcall('GET', KEYS[1])
if type(found) ~= 'string' then found = '' end
local kind = string.sub(found, 1, 1)
local isLease = kind == 'L' and (#found == ${places.ends} or string.match(found, '^ %d+$', ${places.ends + 1}))
  and redis.call('PTTL', KEYS[1]) > 0
${now}
local runs = isLease or (tonumber(string.sub(found, ${ends})) or 0) > now
if runs and string.sub(found, 2, ${places.moment}) == ARGV[1] then return 'T' .. string.sub(found, ${token}) end
if isLease then return found end
local token = ARGV[1] .. string.format('%06d', time[2])
local tab = (kind == 'E' or kind == 'N') and string.find(found, '\\t', ${identity + 1}, true)
if tab and string.sub(found, tab + 1, tab + #ARGV[4] + 1) == ARGV[4] .. '\\t' then
  local last = tab + #ARGV[4] + 1
  local lf = last + 1 + ${numbers.end}
  if string.sub(found, lf, lf) == '\\n' and tonumber(string.sub(found, lf - ${numbers.end - numbers.bytesAt}, lf - 1)) == #found - lf then
    if runs or string.sub(found, ${fillToken}) ~= ARGV[3] then return found end
    if redis.call('PTTL', KEYS[1]) >= tonumber(ARGV[2]) then
      redis.call('SETRANGE', KEYS[1], 1, token .. string.format('%013.0f', now + ARGV[2]))
      return 'T' .. token
    end
  end
end
redis.call('SET', KEYS[1], 'L' .. token, 'PX', ARGV[2])
return 'T' .. token`

const leaseBeside = `
if redis.pcall('GETRANGE', KEYS[2], ${places.fill}, ${places.identity - 1}) ~= ARGV[5] then return '' end
${lease}`

/**
 * Stores an entry if the lease is still in place: no removal came, and nobody else took over. Where a removal left the
 * least version that it demands, an older one is not stored, and the lease ends. A fill that its client sent again finds
 * its own entry. In a Redis that is full nothing is stored, and the lease ends: others shall not wait for it.
 */
const fill = `
local found = redis.pcall('GETRANGE', KEYS[1], 0, ${places.identity - 1})
if type(found) ~= 'string' then return 0 end
if string.sub(found, ${token}) ~= ARGV[1] then
  if string.sub(found, ${fillToken}) == ARGV[1] and string.match(found, '^[EN]') then return 1 end
  return 0
end
if string.sub(found, 1, 1) == 'L' and (tonumber(string.sub(found, ${places.ends + 1})) or 0) > tonumber(ARGV[4]) then
  redis.call('DEL', KEYS[1])
  return 0
end
local set = redis.pcall('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
if not set.err then return 1 end
redis.call('DEL', KEYS[1])
return set`

/**
 * A reader of another schema keeps its entry beside the first one, and is allowed to while that very one stands: whatever
 * removes or replaces it ends both. Where it is gone the lease ends, with what it was to refresh, which is good for nobody.
 */
const fillBeside = `
if redis.pcall('GETRANGE', KEYS[2], ${places.fill}, ${places.identity - 1}) ~= ARGV[5] then
  local own = redis.pcall('GETRANGE', KEYS[1], 0, ${places.ends - 1})
  if type(own) == 'string' and string.sub(own, 2) == ARGV[1] then redis.call('DEL', KEYS[1]) end
  return 0
end
${fill}`

const release = `
local found = redis.pcall('GETRANGE', KEYS[1], 0, ${places.ends - 1})
if type(found) ~= 'string' or string.sub(found, 2, #ARGV[1] + 1) ~= ARGV[1] then return 0 end
local ms = tonumber(ARGV[2])
if string.sub(found, 1, 1) == 'L' then
  if ms == 0 then return redis.call('DEL', KEYS[1]) end
  if redis.pcall('SET', KEYS[1], 'L' .. ${failed}, 'PX', ms).err then redis.call('DEL', KEYS[1]) end
  return 1
end
${now}
local mark = ${none}
if ms > 0 then mark = ${failed} .. string.format('%013.0f', now + ms) end
local marked = redis.pcall('SETRANGE', KEYS[1], 1, mark)
if type(marked) == 'table' then redis.call('DEL', KEYS[1]) end
return 1`

/**
 * Removes entries that are older than a version. A lease stays and is told the version: its load may have begun before
 * the commit or after it, and only then is its fill good. What is no entry goes, and what has no memory to be told.
 */
const remove = `
local version, id = tonumber(ARGV[1]), ARGV[3]
${now}
local removed = 0
for at, key in ipairs(KEYS) do
  local found = at <= #KEYS - ARGV[2] and redis.pcall('GET', key)
  local kind = type(found) == 'string' and string.sub(found, 1, 1)
  local holder, left, least, stays
  if kind == 'L' and (#found == ${places.ends} or string.match(found, '^ %d+$', ${places.ends + 1})) then
    holder, left = string.sub(found, ${token}), redis.call('PTTL', key)
    least = tonumber(string.sub(found, ${places.ends + 1}))
  elseif kind == 'E' or kind == 'N' then
    local tab = string.find(found, '\\t', ${identity + 1}, true)
    local known = tab and string.sub(found, tab + 1, tab + #id + 1) == id .. '\\t'
      and tonumber(string.sub(found, tab + #id + 2, tab + #id + ${1 + numbers.version}))
    stays = known and known >= version
    if known then holder, left = string.sub(found, ${token}), (tonumber(string.sub(found, ${ends})) or 0) - now end
  end
  if not stays then
    removed = removed + 1
    local told = holder and holder ~= ${failed} and left > 0 and redis.pcall(
      'SET', key, 'L' .. holder .. ' ' .. string.format('%.0f', math.max(version, least or 0)), 'PX', left)
    if not told or told.err then removed = removed - 1 + redis.call('DEL', key) end
  end
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
  redis.defineCommand('cacheAsideLeaseBeside', { numberOfKeys: 2, lua: leaseBeside })
  redis.defineCommand('cacheAsideFill', { numberOfKeys: 1, lua: fill })
  redis.defineCommand('cacheAsideFillBeside', { numberOfKeys: 2, lua: fillBeside })
  redis.defineCommand('cacheAsideRelease', { numberOfKeys: 1, lua: release })
  redis.defineCommand('cacheAsideRemove', { lua: remove })
  redis.defineCommand('cacheAsideInspect', { numberOfKeys: 1, lua: inspect })
}
