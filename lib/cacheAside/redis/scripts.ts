import { failedToken, numbers, offsets } from './entry.ts'

// The parts of an entry, as arguments of string.sub: Lua counts from 1 and includes the last character.
const leaseToken = `2, ${offsets.leaseEnd}`
const leaseEnd = `${offsets.leaseEnd + 1}, ${offsets.fillId}`
const fillId = `${offsets.fillId + 1}, ${offsets.identity}`
const identity = offsets.identity + 1
const failed = `'${failedToken}'`
const noLease = `'${'-'.repeat(failedToken.length)}0000000000000'`

/** Whether `found` is a bare lease, with or without a minimum version. */
const isBareLease = `kind == 'L' and (#found == ${offsets.leaseEnd} or string.match(found, '^ %d+$', ${offsets.leaseEnd + 1}))`

/** Whether the main key no longer holds the entry of the fill ARGV[5]. */
const isMainEntryGone = `redis.pcall('GETRANGE', KEYS[2], ${offsets.fillId}, ${offsets.identity - 1}) ~= ARGV[5]`

/** The clock of Redis in ms, the only clock that leases run on. */
const now = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)`

/**
 * Takes the lease of a key, or returns what the key holds instead.
 *
 * The lease can be taken if the key holds nothing usable: no text, content of another type or id, a truncated
 * entry, or a bare lease that never ends. It can also be taken in the very entry that the caller has seen and
 * found stale, unless that entry carries a lease that still runs. This includes a stale entry of another
 * schema: its readers are served that entry meanwhile, or if the load fails.
 *
 * If Redis may drop the entry before the fill arrives, a bare lease replaces the entry, because the entry
 * cannot be served any more. If the key already holds the caller's own lease, the client sent this command
 * twice, and the caller holds the lease.
 */
export const lease = `
local found = redis.pcall('GET', KEYS[1])
if type(found) ~= 'string' then found = '' end
local kind = string.sub(found, 1, 1)
local isLease = ${isBareLease} and redis.call('PTTL', KEYS[1]) > 0
${now}
local runs = isLease or (tonumber(string.sub(found, ${leaseEnd})) or 0) > now
if runs and string.sub(found, 2, ${offsets.redisPart}) == ARGV[1] then return 'T' .. string.sub(found, ${leaseToken}) end
if isLease then return found end
local token = ARGV[1] .. string.format('%06d', time[2])
local tab = (kind == 'E' or kind == 'N') and string.find(found, '\\t', ${identity + 1}, true)
if tab and string.sub(found, tab + 1, tab + #ARGV[4] + 1) == ARGV[4] .. '\\t' then
  local last = tab + #ARGV[4] + 1
  local lf = last + 1 + ${numbers.end}
  if string.sub(found, lf, lf) == '\\n' and tonumber(string.sub(found, lf - ${numbers.end - numbers.bytesOffset}, lf - 1)) == #found - lf then
    if runs or string.sub(found, ${fillId}) ~= ARGV[3] then return found end
    if redis.call('PTTL', KEYS[1]) >= tonumber(ARGV[2]) then
      redis.call('SETRANGE', KEYS[1], 1, token .. string.format('%013.0f', now + ARGV[2]))
      return 'T' .. token
    end
  end
end
redis.call('SET', KEYS[1], 'L' .. token, 'PX', ARGV[2])
return 'T' .. token`

export const leaseSideEntry = `
if ${isMainEntryGone} then return '' end
${lease}`

/**
 * Stores an entry if its lease is still in place: no removal came, and no other caller took over. If a
 * removal left a minimum version and the entry is older, the entry is not stored and the lease ends. A fill
 * that the client sent twice finds its own entry. A full Redis stores nothing, and the lease ends, so that no
 * other caller waits for it.
 */
export const fill = `
local found = redis.pcall('GETRANGE', KEYS[1], 0, ${offsets.identity - 1})
if type(found) ~= 'string' then return 0 end
if string.sub(found, ${leaseToken}) ~= ARGV[1] then
  if string.sub(found, ${fillId}) == ARGV[1] and string.match(found, '^[EN]') then return 1 end
  return 0
end
if string.sub(found, 1, 1) == 'L' and (tonumber(string.sub(found, ${offsets.leaseEnd + 1})) or 0) > tonumber(ARGV[4]) then
  redis.call('DEL', KEYS[1])
  return 0
end
local set = redis.pcall('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
if not set.err then return 1 end
redis.call('DEL', KEYS[1])
return set`

/**
 * Stores an entry under a side key while the main key still holds the very entry that the side entry belongs to.
 * Whatever removes or replaces the main entry thus ends both. If the main entry is gone, the lease ends, and
 * the side entry that it would refresh is deleted, because it can never match again.
 */
export const fillSideEntry = `
if ${isMainEntryGone} then
  local own = redis.pcall('GETRANGE', KEYS[1], 0, ${offsets.leaseEnd - 1})
  if type(own) == 'string' and string.sub(own, 2) == ARGV[1] then redis.call('DEL', KEYS[1]) end
  return 0
end
${fill}`

/** Ends a lease, and leaves the mark of a failed load for ARGV[2] ms, if that is above 0. */
export const release = `
local found = redis.pcall('GETRANGE', KEYS[1], 0, ${offsets.leaseEnd - 1})
if type(found) ~= 'string' or string.sub(found, 2, #ARGV[1] + 1) ~= ARGV[1] then return 0 end
local ms = tonumber(ARGV[2])
if string.sub(found, 1, 1) == 'L' then
  if ms == 0 then return redis.call('DEL', KEYS[1]) end
  if redis.pcall('SET', KEYS[1], 'L' .. ${failed}, 'PX', ms).err then redis.call('DEL', KEYS[1]) end
  return 1
end
${now}
local mark = ${noLease}
if ms > 0 then mark = ${failed} .. string.format('%013.0f', now + ms) end
local marked = redis.pcall('SETRANGE', KEYS[1], 1, mark)
if type(marked) == 'table' then redis.call('DEL', KEYS[1]) end
return 1`

/**
 * Removes entries that are older than a version. A lease stays and receives the version: its load may have
 * begun before the commit or after it, and its fill is accepted only if it is at least as new. Content that
 * is not an entry is deleted, and so is a lease that cannot receive the version because Redis has no memory left.
 */
export const removeOlder = `
local version, id = tonumber(ARGV[1]), ARGV[3]
${now}
local removed = 0
for at, key in ipairs(KEYS) do
  local found = at <= #KEYS - ARGV[2] and redis.pcall('GET', key)
  local kind = type(found) == 'string' and string.sub(found, 1, 1)
  local token, left, minVersion, stays
  if ${isBareLease} then
    token, left = string.sub(found, ${leaseToken}), redis.call('PTTL', key)
    minVersion = tonumber(string.sub(found, ${offsets.leaseEnd + 1}))
  elseif kind == 'E' or kind == 'N' then
    local tab = string.find(found, '\\t', ${identity + 1}, true)
    local known = tab and string.sub(found, tab + 1, tab + #id + 1) == id .. '\\t'
      and tonumber(string.sub(found, tab + #id + 2, tab + #id + ${1 + numbers.versionLength}))
    stays = known and known >= version
    if known then token, left = string.sub(found, ${leaseToken}), (tonumber(string.sub(found, ${leaseEnd})) or 0) - now end
  end
  if not stays then
    removed = removed + 1
    local set = token and token ~= ${failed} and left > 0 and redis.pcall(
      'SET', key, 'L' .. token .. ' ' .. string.format('%.0f', math.max(version, minVersion or 0)), 'PX', left)
    if not set or set.err then removed = removed - 1 + redis.call('DEL', key) end
  end
end
return removed`

/**
 * Reads what a key holds, how long it will hold it, and the time, all at one moment. There is no text for
 * another type.
 */
export const inspect = `
local found = redis.pcall('GET', KEYS[1])
local text = type(found) == 'string' and found
${now}
return { now, redis.call('PTTL', KEYS[1]), text and #text or 0, text }`
