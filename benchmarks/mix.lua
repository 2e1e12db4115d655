-- What wrk sends: 1,000 test keys in turn, and each key reads its dispute, sets metadata, closes it and reads it again.
-- No request is like another: each has a key of its own, and each write an Idempotency-Key and a value of its own.
local KEYS = 1000
local count = 0

function request()
  local key = count % KEYS
  local step = math.floor(count / KEYS) % 4
  count = count + 1
  local headers = {
    ["Authorization"] = "Bearer sk_test_mix" .. key,
    ["User-Agent"] = "Stripe/v1 PythonBindings/16.1.0",
    ["Accept"] = "application/json",
  }
  if step == 0 or step == 3 then
    return wrk.format("GET", wrk.path, headers)
  end
  headers["Idempotency-Key"] = "mix-" .. count
  headers["Content-Type"] = "application/x-www-form-urlencoded"
  if step == 1 then
    return wrk.format("POST", wrk.path, headers, "metadata[key_1]=" .. count)
  end
  return wrk.format("POST", wrk.path .. "/close", headers, "")
end
