package cache

import "github.com/redis/go-redis/v9"

// The scripts work on a value and its lease, whose keys are in the same slot of a cluster, and each runs as a whole.
//
// A lease is a token with a time. Who holds it loads; what he brings is kept only if he still holds it. Whoever evicts
// deletes value and lease with one command, so that nothing that was loaded before is kept after.
var (
	// takeScript returns the value if it was loaded at ARGV[3] or later; or 1, when the caller holds the lease now, as he
	// may have before, when the answer did not reach him; or 0, when somebody else does.
	takeScript = redis.NewScript(`
local v = redis.pcall('GET', KEYS[1])
if type(v) == 'string' and #v >= 16 and string.sub(v, 1, 3) == 'TC\1' then
  local at = 0
  for i = 5, 12 do at = at * 256 + string.byte(v, i) end
  if at >= tonumber(ARGV[3]) then return v end
end
if redis.call('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2]) then return 1 end
if redis.pcall('GET', KEYS[2]) == ARGV[1] then return 1 end
if redis.call('PTTL', KEYS[2]) == -1 then redis.call('DEL', KEYS[2]) end
return 0`)

	// fillScript keeps the value ARGV[2] for ARGV[3] milliseconds and gives the lease back, if the caller holds it.
	fillScript = redis.NewScript(`
if redis.pcall('GET', KEYS[2]) ~= ARGV[1] then return 0 end
local r = redis.pcall('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
redis.call('DEL', KEYS[2])
if r.err then return redis.error_reply(r.err) end
return 1`)

	// holdScript prolongs the lease to ARGV[2] milliseconds from now, if the caller holds it.
	holdScript = redis.NewScript(`
if redis.pcall('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])`)

	// dropScript gives the lease back, if the caller holds it.
	dropScript = redis.NewScript(`
if redis.pcall('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])`)

	// stampScript returns the state of the tags, and begins a new life of their table, named ARGV[1], if there is none.
	stampScript = redis.NewScript(`
local s = redis.pcall('HGET', KEYS[1], '@')
if type(s) == 'string' and #s == 32 then return s end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], '@', ARGV[1])
return ARGV[1]`)

	// tagScript evicts the tags ARGV[2] and following: each is noted with the number of this eviction. If there is no
	// room, or there are more than ARGV[1] tags, the table is dropped, which evicts whatever has tags.
	tagScript = redis.NewScript(`
local s = redis.pcall('HGET', KEYS[1], '@')
if type(s) ~= 'string' or #s ~= 32 then
  redis.call('DEL', KEYS[1])
  return 0
end
local n = string.format('%016x', tonumber(string.sub(s, 17), 16) + 1)
local r = redis.pcall('HSET', KEYS[1], '@', string.sub(s, 1, 16) .. n)
for i = 2, #ARGV do
  if type(r) == 'table' then break end
  r = redis.pcall('HSET', KEYS[1], ':' .. ARGV[i], n)
end
if type(r) == 'table' or redis.call('HLEN', KEYS[1]) > tonumber(ARGV[1]) then
  redis.call('DEL', KEYS[1])
end
return 1`)
)
