<?php
// Closing a dispute with Stripe's PHP SDK, against `replaydisputes serve`.
declare(strict_types=1);

require __DIR__ . '/vendor/autoload.php';

use Stripe\Exception\ApiErrorException;
use Stripe\Exception\InvalidRequestException;
use Stripe\Exception\UnknownApiErrorException;
use Stripe\Service\DisputeService;
use Stripe\Stripe;
use Stripe\StripeClient;

define('SERVER', getenv('STRIPE_API_BASE') ?: 'http://127.0.0.1:12111');
// The next page of a list and the methods of a fetched object do not ask the client's base but this one.
Stripe::$apiBase = SERVER;
// The disputes of four shipped cassettes; `replaydisputes serve` tells their ids when it starts.
const LOST = 'du_1AAAAAreplaydisp00000001'; // close-lost
const TWICE = 'du_1AAAAAreplaydisp1MxbtBkz'; // close-twice
const LISTED = 'du_1AAAAAreplaydisp5UqPOcYJ'; // close-list
const ITS_CHARGE = 'ch_1AAAAAreplaydisp580QPi0w';
const UNKNOWN = 'du_1AAAAAreplaydisp1YON23EJ'; // close-unknown

function tell(string $key, string $what, string $body = ''): void
{
    $curl = curl_init(SERVER . "/_replaydisputes/$what");
    curl_setopt_array($curl, [
        CURLOPT_POSTFIELDS => $body,
        CURLOPT_HTTPHEADER => ["Authorization: Bearer $key", 'Content-Type: application/json'],
        CURLOPT_RETURNTRANSFER => true,
        CURLOPT_FAILONERROR => true,
    ]);
    curl_exec($curl) !== false || throw new RuntimeException("$what: " . curl_error($curl));
}

/** A key of the claim's own is a session of its own, from the start of the recordings. */
function disputes(string $key, int $retries = 2): DisputeService
{
    tell($key, 'reset');
    $client = new StripeClient(['api_key' => $key, 'api_base' => SERVER, 'max_network_retries' => $retries]);
    return $client->disputes;
}

function claim(string $what, array $expected, array $got): void
{
    $expected === $got || throw new RuntimeException("$what: expected " . json_encode($expected) . ', got ' . json_encode($got));
    echo "ok: $what\n";
}

function refusal(callable $call): array
{
    try {
        $call();
    } catch (ApiErrorException $error) {
        return [$error::class, $error->getHttpStatus(), $error->getStripeCode(), $error->getError()->message];
    }
    throw new RuntimeException('not refused');
}

$disputes = disputes('sk_test_php_lost');
$statuses = [$disputes->retrieve(LOST)->status, $disputes->close(LOST)->status, $disputes->retrieve(LOST)->status];
claim('a close makes the dispute lost', ['needs_response', 'lost', 'lost'], $statuses);

$disputes = disputes('sk_test_php_twice');
$disputes->close(TWICE);
$expected = [InvalidRequestException::class, 400, null, 'This dispute is already closed'];
claim('a second close is refused', $expected, refusal(fn () => $disputes->close(TWICE)));

$disputes = disputes('sk_test_php_unknown');
$expected = [InvalidRequestException::class, 404, 'resource_missing', "No such dispute: '" . UNKNOWN . "'"];
claim('an unknown id is refused', $expected, refusal(fn () => $disputes->close(UNKNOWN)));

$disputes = disputes('sk_test_php_list');
$listed = fn () => array_map(
    fn ($one) => [$one->id, $one->status],
    $disputes->all(['charge' => ITS_CHARGE, 'limit' => 1])->data,
);
claim('a list shows the dispute', [[LISTED, 'needs_response']], $listed());
$disputes->close(LISTED);
claim('a list shows the close', [[LISTED, 'lost']], $listed());

$disputes = disputes('sk_test_php_again');
tell('sk_test_php_again', 'fail-next', '{"kind": "server-error"}');
claim('the SDK tries again after a 500', ['lost'], [$disputes->close(LOST)->status]);

// Not the SDK but libcurl sends a dropped request again, and only on a connection that has served one before.
$disputes = disputes('sk_test_php_dropped');
$disputes->retrieve(LOST);
tell('sk_test_php_dropped', 'fail-next', '{"kind": "connection-reset"}');
claim('a dropped connection is opened again', ['lost'], [$disputes->close(LOST)->status]);

$disputes = disputes('sk_test_php_once', retries: 0);
tell('sk_test_php_once', 'fail-next', '{"kind": "server-error"}');
$expected = [UnknownApiErrorException::class, 500, null, 'An unknown error occurred'];
claim('without retries the error is typed', $expected, refusal(fn () => $disputes->close(LOST)));
claim('and nothing is closed', ['needs_response'], [$disputes->retrieve(LOST)->status]);
