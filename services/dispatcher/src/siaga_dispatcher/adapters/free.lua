-- Free units of some kinds within a radius, read in one round trip.
-- KEYS  the geo sets of the kinds.  ARGV  longitude, latitude, radius in metres, prefix of the units' keys.
-- The units' keys are not declared, for they follow from the sets; they share the tenant's slot with them.
-- Answers the snapshot of each.
local found = {}
for _, key in ipairs(KEYS) do
  local near = redis.call('GEOSEARCH', key, 'FROMLONLAT', ARGV[1], ARGV[2], 'BYRADIUS', ARGV[3], 'm')
  for _, unit in ipairs(near) do
    found[#found + 1] = redis.call('HGET', ARGV[4] .. unit, 'pb')
  end
end
return found
