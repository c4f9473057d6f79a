-- Units whose time has come, each on lease to whoever asks. KEYS: due, held, wanted. ARGV: now, lease until, most, instance.
local units = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[3])
for _, unit in ipairs(units) do
  redis.call('ZADD', KEYS[1], ARGV[2], unit)
  redis.call('HSET', KEYS[2], unit, ARGV[4])
  redis.call('HDEL', KEYS[3], unit)
end
return units
