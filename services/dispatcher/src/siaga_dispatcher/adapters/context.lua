-- Everything stored that bears on a call, in one trip: its own incident; or else those of types like its own that it may
-- join, and the free units around it.
-- KEYS  [1] the call, [2] versions of the open incidents by family, then the open ones of each family, then geo sets of
--       free units.
-- ARGV  [1] the request as JSON.  What hangs on found names (incidents, units) shares the tenant's slot with them.
-- request.families   in which the call may find its incident, in the order of their keys
-- request.since      oldest latest call of an incident that it may join, milliseconds
-- request.incident   prefix of the incidents' keys;  request.unit  the same of the units'
-- request.lon, lat   the middle of the search;  request.radii  metres, the ladder: empty = no units are wanted
-- request.wanted     {how many, set, set…}: sets are numbers from 1; no wider circle is searched once all are filled
-- Answers {incident}, or {nothing, {version…}, {incident…}, rung searched, {unit…}}: snapshots.
local request = cjson.decode(ARGV[1])

local own = redis.call('GET', KEYS[1])
if own then return {redis.call('HGET', request.incident .. own, 'pb')} end

local versions, open = {}, {}
for i, family in ipairs(request.families) do
  versions[i] = redis.call('HGET', KEYS[2], family) or '0'
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2 + i], request.since, '+inf')) do
    open[#open + 1] = redis.call('HGET', request.incident .. id, 'pb')
  end
end
local before = 2 + #request.families

local found, reached = {}, 0
for rung, radius in ipairs(request.radii) do
  reached = rung
  for i = before + 1, #KEYS do
    found[i - before] = redis.call('GEOSEARCH', KEYS[i], 'FROMLONLAT', request.lon, request.lat, 'BYRADIUS', radius, 'm')
  end
  local enough = true
  for _, want in ipairs(request.wanted) do
    local there = 0
    for i = 2, #want do there = there + #found[want[i]] end
    if there < want[1] then enough = false end
  end
  if enough then break end
end
local near = {}
for _, set in ipairs(found) do
  for _, unit in ipairs(set) do near[#near + 1] = redis.call('HGET', request.unit .. unit, 'pb') end
end
return {false, versions, open, reached, near}
