#!/usr/bin/env bash
# Closing a dispute with the Stripe CLI, against `replaydisputes serve`. The CLI sends a request once and never again.
set -euo pipefail
server=${STRIPE_API_BASE:-http://127.0.0.1:12111}
stripe=${STRIPE_CLI:-stripe}
# A key is a session. The CLI sends what STRIPE_API_KEY holds.
export STRIPE_API_KEY=sk_test_stripe_cli_example STRIPE_CLI_TELEMETRY_OPTOUT=1
# The disputes of four shipped cassettes; `replaydisputes serve` tells their ids when it starts.
lost=du_1AAAAAreplaydisp00000001    # close-lost
twice=du_1AAAAAreplaydisp1MxbtBkz   # close-twice
listed=du_1AAAAAreplaydisp5UqPOcYJ  # close-list
charge=ch_1AAAAAreplaydisp580QPi0w
unknown=du_1AAAAAreplaydisp1YON23EJ # close-unknown

tell() { curl --silent --show-error --fail --user "$STRIPE_API_KEY:" --output /dev/null "$server/_replaydisputes/$1" --json "${2:-{\}}"; }
cli() { "$stripe" disputes "$@" --api-base "$server" --color off </dev/null; }
claims=0
expect() { # what is claimed, the text that the answer must hold, the answer
  [[ $3 == *"$2"* ]] || { echo "not so: $1; expected $2 in: $3" >&2; exit 1; }
  echo "ok: $1"
  claims=$((claims + 1))
}

tell reset
expect "a dispute needs a response" '"status": "needs_response"' "$(cli retrieve $lost)"
expect "a close makes it lost" '"status": "lost"' "$(cli close $lost)"
expect "and lost it stays" '"status": "lost"' "$(cli retrieve $lost)"
expect "a close can be made" '"status": "lost"' "$(cli close $twice)"
expect "a second close is refused" 'This dispute is already closed' "$(cli close $twice)"
expect "an unknown id is refused" '"code": "resource_missing"' "$(cli close $unknown)"
expect "a list shows the dispute" "\"id\": \"$listed\"" "$(cli list --charge $charge --limit 1)"

tell fail-next '{"kind": "server-error"}'
expect "an injected 500 is shown as Stripe says it" '"type": "api_error"' "$(cli close $listed)"
tell fail-next '{"kind": "connection-reset"}'
if cli close $listed >/dev/null 2>&1; then
  echo "not so: a dropped connection fails the command" >&2
  exit 1
fi
expect "neither has closed anything" '"status": "needs_response"' "$(cli list --charge $charge --limit 1)"
expect "the next close does" '"status": "lost"' "$(cli close $listed)"
echo "$claims claims hold"
