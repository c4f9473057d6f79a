-- One step of publishing a tenant's outbox: what has been published leaves it, and what is next is read, under the lease.
-- KEYS  [1] the outbox, [2] the lease.  ARGV  [1] who asks, [2] milliseconds of the lease, [3] records at most, [4..] published.
-- Answers {} when nothing is left (the lease ends with it) or another process is at it; else {{entry, {name, value…}}…}.
local holder = redis.call('GET', KEYS[2])
for i = 4, #ARGV, 1000 do
  redis.call('XDEL', KEYS[1], unpack(ARGV, i, math.min(i + 999, #ARGV)))
end
if holder and holder ~= ARGV[1] then return {} end
local rows = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', ARGV[3])
if #rows == 0 then
  if holder then redis.call('DEL', KEYS[2]) end
  return {}
end
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
return rows
