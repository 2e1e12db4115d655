// Closing a dispute with Stripe's .NET SDK, against `replaydisputes serve`.
using System.Net.Http.Headers;
using System.Text;
using Stripe;

var server = Environment.GetEnvironmentVariable("STRIPE_API_BASE") ?? "http://127.0.0.1:12111";

// The disputes of four shipped cassettes; `replaydisputes serve` tells their ids when it starts.
const string Lost = "du_1AAAAAreplaydisp00000001"; // close-lost
const string Twice = "du_1AAAAAreplaydisp1MxbtBkz"; // close-twice
const string Listed = "du_1AAAAAreplaydisp5UqPOcYJ"; // close-list
const string ItsCharge = "ch_1AAAAAreplaydisp580QPi0w";
const string Unknown = "du_1AAAAAreplaydisp1YON23EJ"; // close-unknown

using var http = new HttpClient();

void Tell(string key, string what, string body = "")
{
    var request = new HttpRequestMessage(HttpMethod.Post, $"{server}/_replaydisputes/{what}")
    {
        Content = new StringContent(body, Encoding.UTF8, "application/json"),
    };
    request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
    http.Send(request).EnsureSuccessStatusCode();
}

// A key of the claim's own is a session of its own, from the start of the recordings.
DisputeService Disputes(string key, int retries = SystemNetHttpClient.DefaultMaxNumberRetries)
{
    Tell(key, "reset");
    var options = new StripeClientOptions
    {
        ApiKey = key,
        ApiBase = server,
        HttpClient = new SystemNetHttpClient(maxNetworkRetries: retries),
    };
    return new StripeClient(options).V1.Disputes;
}

void Claim(string what, object expected, object got)
{
    if (!expected.Equals(got))
    {
        throw new InvalidOperationException($"{what}: expected {expected}, got {got}");
    }

    Console.WriteLine($"ok: {what}");
}

(int, string?, string) Refusal(Action call)
{
    try
    {
        call();
    }
    catch (StripeException error)
    {
        return ((int)error.HttpStatusCode, error.StripeError.Code, error.StripeError.Message);
    }

    throw new InvalidOperationException("not refused");
}

var disputes = Disputes("sk_test_dotnet_lost");
var before = disputes.Get(Lost).Status;
var closed = disputes.Close(Lost).Status;
Claim("a close makes the dispute lost", ("needs_response", "lost", "lost"), (before, closed, disputes.Get(Lost).Status));

disputes = Disputes("sk_test_dotnet_twice");
disputes.Close(Twice);
(int, string?, string) alreadyClosed = (400, null, "This dispute is already closed");
Claim("a second close is refused", alreadyClosed, Refusal(() => disputes.Close(Twice)));

disputes = Disputes("sk_test_dotnet_unknown");
(int, string?, string) missing = (404, "resource_missing", $"No such dispute: '{Unknown}'");
Claim("an unknown id is refused", missing, Refusal(() => disputes.Close(Unknown)));

disputes = Disputes("sk_test_dotnet_list");
var listing = new DisputeListOptions { Charge = ItsCharge, Limit = 1 };
Claim("a list shows the dispute", (Listed, "needs_response"), disputes.List(listing).Select(one => (one.Id, one.Status)).First());
disputes.Close(Listed);
Claim("a list shows the close", (Listed, "lost"), disputes.List(listing).Select(one => (one.Id, one.Status)).First());

foreach (var kind in new[] { "server-error", "connection-reset" })
{
    var key = $"sk_test_dotnet_{kind.Replace('-', '_')}";
    disputes = Disputes(key);
    Tell(key, "fail-next", $"{{\"kind\": \"{kind}\"}}");
    Claim($"the SDK tries again after a {kind}", "lost", disputes.Close(Lost).Status);
}

disputes = Disputes("sk_test_dotnet_once", retries: 0);
Tell("sk_test_dotnet_once", "fail-next", "{\"kind\": \"server-error\"}");
(int, string?, string) failed = (500, null, "An unknown error occurred");
Claim("without retries the error is typed", failed, Refusal(() => disputes.Close(Lost)));
Claim("and nothing is closed", "needs_response", disputes.Get(Lost).Status);
