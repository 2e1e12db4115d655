"""Sentences of Stripe's own errors, from its documentation and its SDKs: a phrase of one is no one's personal value."""

STRIPE_SENTENCES = """
This object cannot be accessed right now because another API request or Stripe process is currently accessing it. If
you see this error intermittently, retry the request. If you see this error frequently and are making multiple
concurrent requests to a single object, make your requests serially or at a lower rate. For more details, see
Request rate limit exceeded. You can learn more about rate limits here
Your card was declined.
Your card has insufficient funds.
Your card has expired.
Your card's security code is incorrect.
Your card number is incorrect.
An error occurred while processing your card. Try again in a little bit.
Your card does not support this type of purchase.
Your card was declined. Your request was in test mode, but used a non test (live) card. For a list of valid test
cards, visit:
You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth
(e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See  for details, or we can help at
Charge has been charged back; cannot issue a refund.
Missing required param: amount.
There is currently another in-progress request using this Idempotent Key (that probably means you submitted twice,
and the other request is still going through). Please try again later.
Keys for idempotent requests can only be used with the same parameters they were first used with.
An unknown error occurred
Sorry! There was an error while talking to one of our backends. Support has been notified.
Something went wrong on Stripe's end. Please try again or contact support at  if the problem persists.
Amount must be at least $0.50 usd
Amount must be no more than $999,999.99
You passed an empty string for 'amount'. We assume empty values are an attempt to unset a parameter; however
'amount' cannot be unset. You should remove 'amount' from your request or supply a non-empty value.
Received both customer and source parameters. Please pass in only one.
This dispute has already been submitted.
You cannot update the evidence of a dispute that is closed.
The evidence due date for this dispute has passed.
This dispute cannot be closed because it is under review.
This inquiry is already closed.
Invalid boolean: maybe
Invalid array
Invalid hash
Invalid timestamp: can be no more than five years in the future
Invalid object
Invalid string: must be at most 20000 characters
This PaymentIntent's amount could not be updated because it has a status of succeeded. You may only update the
amount of a PaymentIntent with one of the following statuses: requires_payment_method, requires_confirmation,
requires_action.
Only Stripe Connect platforms can work with other accounts. If you specified a client_id parameter, make sure it's
correct. If you need to setup a Stripe Connect platform, you can do so at
This API call cannot be made with a publishable API key. Please use a secret API key. You can find a list of your
API keys at
Testmode request rate limit exceeded, the rate limits in testmode are lower than livemode. You can learn more about
rate limits here
You may only specify one of these parameters: customer, account.
The total evidence text exceeds the limit of 150000 characters.
Permission denied: this account cannot currently make live charges.
Timeout while waiting for the upstream service.
Service temporarily unavailable; please try again shortly.
Bad gateway
Internal server error
a similar object exists in live mode, but a test mode key was used to make this request.
Your card has been declined. The card was declined for an unknown reason. The card has been reported lost.
The card has been reported stolen. The card number is incorrect. The card has expired. The card's security code is
incorrect.
The customer has exceeded the balance or credit limit available on their card. The card has insufficient funds to
complete the purchase.
Your card's expiration month is invalid. Your card's expiration year is invalid. Your card's expiration date is
incorrect.
Your card's zip code failed validation. Your postal code is incomplete. Your card's security code is invalid.
Your card number is not a valid credit card number. The card number is not a valid credit card number.
Your card was declined for making repeated attempts too frequently or exceeding its amount limit.
Your card was declined. This transaction requires authentication. The payment requires authentication.
An error occurred while processing the card. Your card does not support this currency. Your card is not supported.
Do not honor. Do not try again. Call issuer. Generic decline. Card not supported. Currency not supported. Duplicate
transaction.
Expired card. Fraudulent. Incorrect number. Incorrect security code. Incorrect zip code. Insufficient funds. Invalid
account.
Invalid amount. Invalid expiry month. Invalid expiry year. Issuer not available. Lost card. Stolen card. Merchant
blacklist.
New account information available. No action taken. Not permitted. Offline PIN required. Online or offline PIN
required.
PIN try exceeded. Pickup card. Processing error. Reenter transaction. Restricted card. Revocation of all
authorizations.
Security violation. Service not allowed. Stop payment order. Test mode decline. Transaction not allowed. Try again
later.
Withdrawal count limit exceeded. Approve with id. Card velocity exceeded. Authentication required. Incorrect
address.
The bank account could not be verified. The bank returned the payment. The customer's bank could not be reached.
The payment could not be processed. Please try again or use another payment method. Please contact your card issuer
for more information.
We are unable to authenticate your payment method. Please choose a different payment method and try again.
The provided payment method has failed authentication. You can provide payment data or a new payment method to
attempt to fulfill this PaymentIntent again.
This charge has already been refunded. Charge has already been refunded. Refund amount is greater than charge
amount.
Refund amount is greater than unrefunded amount on charge. Charge has already been captured. This charge has already
been captured.
You have insufficient funds in your Stripe account. You have insufficient available funds in your account.
The customer does not have a payment method attached. This customer has no attached payment source or default
payment method.
Cannot charge a customer that has no active card. This payment method has already been attached to a customer.
The payment method you provided has already been attached to a customer. This PaymentMethod was previously used
without being attached to a customer.
You cannot confirm this PaymentIntent because it has already succeeded after being previously confirmed.
You cannot cancel this PaymentIntent because it has a status of succeeded. This subscription has already been
canceled.
No such customer. No such charge. No such dispute. No such payment intent. No such payment method. No such
subscription. No such token.
No such invoice. No such price. No such plan. No such product. No such coupon. No such account. No such event. No
such refund. No such source.
Invalid API key provided. Expired API key provided. Invalid request. Invalid integer. Invalid positive integer.
Invalid currency. Invalid email address.
Unrecognized request URL. Please see the documentation. Received unknown parameter. Received unknown parameters.
Missing required parameter.
Must provide source or customer. Must provide a payment method. Nothing to invoice for customer. Invoice is already
paid. Invoice is no longer editable.
The currency provided is not supported. Amount must convert to at least 50 cents. The specified amount is less than
the minimum amount allowed.
The dispute is already closed. This dispute is already closed. Dispute evidence has already been submitted. This
dispute has already been closed.
The bank has not decided yet. The customer does not recognize the charge. Product not received. Product
unacceptable. Subscription canceled.
Credit not processed. Customer initiated. Requested by customer. Duplicate charge. General inquiry. Payment
complete. Payment for invoice.
Subscription creation. Subscription update. Unused time after. Remaining time after. Trial period for. Payment
canceled. Payment failed.
"""
