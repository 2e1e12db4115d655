"""Words that stand in every cassette, so that finding them again proves nothing."""

from http import HTTPStatus

FIXED_VOCABULARY = """
version interactions request response uri url method headers body string encoding base64_string status code message
http_interactions recorded_with recorded_at replaydisputes replaydisp provenance made_against scenario stripe_version
tool_version digest layout sha256 stripe-test-mode sandbox imported edited redacted example invalid example.invalid
customer-1@example.invalid https://example.invalid/1 idempotency-key-1 [redacted] [redacted 1] assumption
GET POST PUT PATCH DELETE HEAD OPTIONS HTTP/1.1 https http api.stripe.com www.stripe.com stripe.com Stripe STRIPE
dashboard.stripe.com support.stripe.com docs.stripe.com files.stripe.com
Content-Type application/json application/x-www-form-urlencoded multipart/form-data text/plain charset=utf-8
Content-Length Content-Encoding Transfer-Encoding chunked gzip deflate identity br zstd Connection keep-alive close
Accept Accept-Encoding Accept-Language Cache-Control no-cache no-store Server nginx Date Vary Origin Host
Access-Control-Allow-Credentials Access-Control-Allow-Methods Access-Control-Allow-Origin
Access-Control-Expose-Headers Access-Control-Max-Age Strict-Transport-Security max-age includeSubDomains preload
Authorization Bearer Basic Cookie Set-Cookie Idempotency-Key Idempotent-Replayed Original-Request Request-Id
Stripe-Account Stripe-Version Stripe-Should-Retry Stripe-Manage-Version User-Agent X-Stripe-Client-User-Agent
X-Stripe-Client-Telemetry X-Stripe-Priority-Routing-Enabled X-Stripe-Routing-Context-Priority-Tier api-testmode X-Wc
Www-Authenticate realm Content-Security-Policy Replaydisputes-Sandbox Replaydisputes-Assumption
OK Created Accepted No Content Bad Request Unauthorized Payment Required Forbidden Not Found Conflict Gone
Too Many Requests Internal Server Error Bad Gateway Service Unavailable Gateway Timeout
true false null none unknown other test testing customer payment charge dispute refund card visa mastercard amex
lost won pending succeeded failed paid active needs_response under_review warning_closed fraudulent duplicate general
product_not_received product_unacceptable subscription_canceled credit_not_processed unrecognized noncompliant
block chargeback claim compliance inquiry resolution klarna paypal manual merchandise services prevented qualified
approved declined authorized automatic credit debit prepaid normal elevated highest adjustment payments available
unavailable disabled enabled pass fail unchecked regulated unregulated canceled processing required optional
list event events disputes charges account accounts refunds object discover diners jcb unionpay issuer domestic
international partial full expired blocked invalid unsupported unverified verified
close-lost close-twice close-product-not-received close-inquiry close-unknown close-bad-key
python requests stripe-python urllib3 httpx aiohttp
""" + "\n".join(status.phrase for status in HTTPStatus)
