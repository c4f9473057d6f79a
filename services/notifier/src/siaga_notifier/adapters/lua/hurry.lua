-- A unit is to be looked at now, or when whoever has it on lease lets go. One that nobody waits with is left alone.
-- ARGV: unit, now.
if redis.call('HEXISTS', KEYS[2], ARGV[1]) == 1 then
  redis.call('HSET', KEYS[3], ARGV[1], ARGV[2])
else
  redis.call('ZADD', KEYS[1], 'XX', 'LT', ARGV[2], ARGV[1])
end
return 1
