"""Programs that hand one request to a language's own HTTP library in the way that Stripe's SDK for it does.

Arguments: method, URL, body (only of a POST), then the header lines that the SDK sets, in its order.
"""
