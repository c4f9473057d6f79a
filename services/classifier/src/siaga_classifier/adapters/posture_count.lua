-- Counts calls into their minutes, each once whatever comes twice. All keys share the tenant's slot.
-- KEYS[1]: "{tenant}:posture:"; the keys of calls, minutes and callers are made from it.
-- ARGV: seconds to keep, calls a minute and an hour that are hot, partition, latest event, wall clock (ms);
-- then of each call: id, caller, when it began (ms), 1 = began | 2 = attended or over, when (ms), 1 = unserved, wait (ms).
local at = KEYS[1]
local ttl, hot_minute, hot_hour = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local function keep(key) redis.call('EXPIRE', key, ttl) end

local function minute_of(ms) return math.floor(tonumber(ms) / 60000) end

local function began(caller, ms)
  local minute = minute_of(ms)
  local hour, tenth = math.floor(minute / 60), math.floor(minute / 10)
  local counts, who = at .. 'hour:' .. hour, at .. 'who:' .. hour
  local place = minute % 60
  redis.call('HINCRBY', counts, place .. 'c', 1)
  local in_minute = redis.call('HINCRBY', who, place .. '|' .. caller, 1)
  if in_minute == 1 then redis.call('HINCRBY', counts, place .. 'k', 1) end
  local in_hour = redis.call('HINCRBY', who, 't' .. tenth .. '|' .. caller, 1)
  keep(counts) keep(who)
  for back = 1, 5 do
    local earlier = tenth - back
    local times = redis.call('HGET', at .. 'who:' .. math.floor(earlier / 6), 't' .. earlier .. '|' .. caller)
    in_hour = in_hour + (tonumber(times) or 0)
  end
  local held = redis.call('HGET', at .. 'hot', caller)
  if held or in_minute >= hot_minute or in_hour >= hot_hour then
    local since, calls, last = ms, in_hour, tonumber(ms)
    if held then
      local was_since, was_calls, was_last = string.match(held, '(%d+)|(%d+)|(%d+)')
      -- An hour without a call ends it; the next one is another.
      if tonumber(ms) - tonumber(was_last) < 3600000 then
        since, calls, last = was_since, tonumber(was_calls) + 1, math.max(last, tonumber(was_last))
      elseif in_minute < hot_minute and in_hour < hot_hour then
        redis.call('HDEL', at .. 'hot', caller)
        return
      end
    end
    redis.call('HSET', at .. 'hot', caller, since .. '|' .. calls .. '|' .. string.format('%.0f', last))
  end
end

local function attended(caller, ms, unserved, wait)
  local minute = minute_of(ms)
  local counts, who = at .. 'hour:' .. math.floor(minute / 60), at .. 'who:' .. math.floor(minute / 60)
  local place = minute % 60
  if redis.call('HINCRBY', who, 'e' .. place .. '|' .. caller, 1) == 1 then
    redis.call('HINCRBY', counts, place .. 'e', 1)
  end
  if unserved == '1' and redis.call('HINCRBY', who, 'u' .. place .. '|' .. caller, 1) == 1 then
    redis.call('HINCRBY', counts, place .. 'u', 1)
  end
  if tonumber(wait) > (tonumber(redis.call('HGET', counts, place .. 'w')) or 0) then
    redis.call('HSET', counts, place .. 'w', wait)
  end
  keep(counts) keep(who)
end

local first = tonumber(redis.call('GET', at .. 'first'))
for index = 7, #ARGV, 7 do
  local call, caller, begin_ms, done, done_ms, unserved, wait = unpack(ARGV, index, index + 6)
  local key = at .. 'call:' .. call
  local had = tonumber(redis.call('GET', key)) or 0
  if had < 1 then
    began(caller, begin_ms)
    if not first or minute_of(begin_ms) < first then
      first = minute_of(begin_ms)
      redis.call('SET', at .. 'first', string.format('%.0f', first))
    end
  end
  if done == '2' and had < 2 then attended(caller, done_ms, unserved, wait) end
  if had < tonumber(done) then redis.call('SET', key, done, 'EX', ttl) end
end

local held = redis.call('HGET', at .. 'marks', ARGV[4])
if not held or tonumber(string.match(held, '^(%d+)')) < tonumber(ARGV[5]) then
  redis.call('HSET', at .. 'marks', ARGV[4], ARGV[5] .. '|' .. ARGV[6])
end
