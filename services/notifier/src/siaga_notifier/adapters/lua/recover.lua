-- What a process held when it died is due at once. ARGV: instance, now.
local held = redis.call('HGETALL', KEYS[2])
for at = 1, #held, 2 do
  if held[at + 1] == ARGV[1] then
    redis.call('HDEL', KEYS[2], held[at])
    redis.call('ZADD', KEYS[1], ARGV[2], held[at])
  end
end
return #held / 2
