-- Units of some geo sets around a point, read in one round trip.
-- KEYS  the geo sets.  ARGV  longitude, latitude, radius in metres, prefix of the units' keys, how many of each set at
-- most (0 = all within the radius; else the nearest).
-- The units' keys are not declared, for they follow from the sets; they share the tenant's slot with them.
-- Answers the snapshot of each.
local found = {}
for _, key in ipairs(KEYS) do
  local near
  if ARGV[5] == '0' then
    near = redis.call('GEOSEARCH', key, 'FROMLONLAT', ARGV[1], ARGV[2], 'BYRADIUS', ARGV[3], 'm')
  else
    near = redis.call('GEOSEARCH', key, 'FROMLONLAT', ARGV[1], ARGV[2], 'BYRADIUS', ARGV[3], 'm', 'ASC', 'COUNT', ARGV[5])
  end
  for _, unit in ipairs(near) do
    found[#found + 1] = redis.call('HGET', ARGV[4] .. unit, 'pb')
  end
end
return found
