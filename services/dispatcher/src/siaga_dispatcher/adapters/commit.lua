-- The one atomic step: check versions, give out numbers, write, remember the cause; or refuse.
-- KEYS  all keys touched: [1] the tenant's epoch, [2] the cause's mark; the rest only declares them for a cluster.
-- ARGV  [1] the request as JSON, [2..] the byte strings it refers to by number.
-- request.init    true = the working state may not exist yet
-- request.keep_s  how long the cause is remembered; 0 = it is not
-- request.checks  {key, field, version}: each must still hold
-- request.absent  keys that must still not exist
-- request.tickets {name, counter key, prefix}: a new ticket number each
-- request.tasks   {name, order id}: a task code each, unique among the open ones
-- request.ops     commands; an argument is a string, or a number (that byte string), or
--                 {number, name, tag, name, tag…}: that byte string followed by given numbers as protobuf fields
--                 (a later field of the same number wins), or {name}: the given number itself
-- Answers {'done'}, {'stale', key}, {'lost'} or {'ok', ticket, ticket…}.
local request = cjson.decode(ARGV[1])

if not request.init and redis.call('EXISTS', KEYS[1]) == 0 then return {'lost'} end
if request.keep_s > 0 and redis.call('EXISTS', KEYS[2]) == 1 then return {'done'} end
for _, check in ipairs(request.checks) do
  if (redis.call('HGET', check[1], check[2]) or '0') ~= check[3] then return {'stale', check[1]} end
end
for _, key in ipairs(request.absent) do
  if redis.call('EXISTS', key) == 1 then return {'stale', key} end
end

local given, answer = {}, {'ok'}
for _, ticket in ipairs(request.tickets) do
  given[ticket[1]] = ticket[3] .. string.format('%06d', redis.call('INCR', ticket[2]))
  answer[#answer + 1] = given[ticket[1]]
end
for _, task in ipairs(request.tasks) do
  local code, number
  -- 100 to 999, then longer ones: with all 900 in use a code must still be unique.
  for _ = 1, 901 do
    number = redis.call('INCR', request.task_counter)
    code = tostring(_ <= 900 and 100 + number % 900 or 1000 + number)
    if redis.call('HEXISTS', request.open_tasks, code) == 0 then break end
  end
  redis.call('HSET', request.open_tasks, code, task[2])
  given[task[1]] = code
  given[task[1] .. ':serial'] = tostring(number)
end

-- A field's tag as protobuf writes it: from field 16 on it takes two bytes.
local function tagged(tag)
  if tag < 128 then return string.char(tag) end
  return string.char(tag % 128 + 128, math.floor(tag / 128))
end

local function value(argument)
  if type(argument) == 'string' then return argument end
  if type(argument) == 'number' then return ARGV[argument + 1] end
  if type(argument[1]) == 'string' then return given[argument[1]] end
  local bytes = ARGV[argument[1] + 1]
  for i = 2, #argument, 2 do
    local text = given[argument[i]]
    bytes = bytes .. tagged(argument[i + 1]) .. string.char(#text) .. text
  end
  return bytes
end

for _, op in ipairs(request.ops) do
  local command = {}
  for i, argument in ipairs(op) do command[i] = value(argument) end
  redis.call(unpack(command))
end
if request.keep_s > 0 then redis.call('SET', KEYS[2], '1', 'EX', request.keep_s) end
return answer
