"""Messages of Stripe's, from its documentation and as people quote them: none may lose a word to redaction."""

MESSAGES = (
    (
        "This object cannot be accessed right now because another API request or Stripe process is currently "
        "accessing it. If you see this error intermittently, retry the request. If you see this error "
        "frequently and are making multiple concurrent requests to a single object, make your requests "
        "serially or at a lower rate. For more details, see "
        "https://stripe.com/docs/rate-limits#object-lock-timeouts."
    ),
    ("Request rate limit exceeded. You can learn more about rate limits here https://stripe.com/docs/rate-limits."),
    "Your card was declined.",
    "Your card has insufficient funds.",
    "Your card has expired.",
    "Your card's security code is incorrect.",
    "Your card number is incorrect.",
    "An error occurred while processing your card. Try again in a little bit.",
    "Your card does not support this type of purchase.",
    (
        "Your card was declined. Your request was in test mode, but used a non test (live) card. For a list "
        "of valid test cards, visit: https://stripe.com/docs/testing."
    ),
    (
        "You did not provide an API key. You need to provide your API key in the Authorization header, using "
        "Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See "
        "https://stripe.com/docs/api#authentication for details, or we can help at "
        "https://support.stripe.com/."
    ),
    "Charge has been charged back; cannot issue a refund.",
    "Missing required param: amount.",
    (
        "There is currently another in-progress request using this Idempotent Key (that probably means you "
        "submitted twice, and the other request is still going through). Please try again later."
    ),
    "Keys for idempotent requests can only be used with the same parameters they were first used with.",
    "An unknown error occurred",
    "Sorry! There was an error while talking to one of our backends. Support has been notified.",
    (
        "Something went wrong on Stripe's end. Please try again or contact support at "
        "https://support.stripe.com/ if the problem persists."
    ),
    "Amount must be at least $0.50 usd",
    "Amount must be no more than $999,999.99",
    (
        "You passed an empty string for 'amount'. We assume empty values are an attempt to unset a parameter;"
        " however 'amount' cannot be unset. You should remove 'amount' from your request or supply a "
        "non-empty value."
    ),
    "Received both customer and source parameters. Please pass in only one.",
    "This dispute has already been submitted.",
    "You cannot update the evidence of a dispute that is closed.",
    "The evidence due date for this dispute has passed.",
    "This dispute cannot be closed because it is under review.",
    "This inquiry is already closed.",
    "Invalid boolean: maybe",
    "Invalid array",
    "Invalid hash",
    "Invalid timestamp: can be no more than five years in the future",
    "Invalid object",
    "Invalid string: must be at most 20000 characters",
    (
        "This PaymentIntent's amount could not be updated because it has a status of succeeded. You may only "
        "update the amount of a PaymentIntent with one of the following statuses: requires_payment_method, "
        "requires_confirmation, requires_action."
    ),
    (
        "The provided key 'sk_test_*********************0000' does not have the required permissions for this"
        " endpoint on account 'acct_100001replaydisp'. Having the 'rak_dispute_write' permission would allow "
        "this request to continue."
    ),
    (
        "Only Stripe Connect platforms can work with other accounts. If you specified a client_id parameter, "
        "make sure it's correct. If you need to setup a Stripe Connect platform, you can do so at "
        "https://dashboard.stripe.com/account/applications/settings."
    ),
    (
        "This API call cannot be made with a publishable API key. Please use a secret API key. You can find a"
        " list of your API keys at https://dashboard.stripe.com/account/apikeys."
    ),
    (
        "Testmode request rate limit exceeded, the rate limits in testmode are lower than livemode. You can "
        "learn more about rate limits here https://stripe.com/docs/rate-limits."
    ),
    "You may only specify one of these parameters: customer, account.",
    "The total evidence text exceeds the limit of 150000 characters.",
    "Permission denied: this account cannot currently make live charges.",
    "Timeout while waiting for the upstream service.",
    "Service temporarily unavailable; please try again shortly.",
    "Bad gateway",
    "Internal server error",
    "a similar object exists in live mode, but a test mode key was used to make this request.",
)
