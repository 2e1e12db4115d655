<?php
// As stripe-php's CurlClient: every header is a line of its own, an empty Expect among them.
[, $method, $url, $body] = $argv;
$options = [
    CURLOPT_URL => $url,
    CURLOPT_RETURNTRANSFER => true,
    CURLOPT_HTTPHEADER => [...array_slice($argv, 4), 'Expect: '],
    CURLOPT_HTTP_VERSION => CURL_HTTP_VERSION_2TLS,
];
$options += $method === 'POST' ? [CURLOPT_POST => 1, CURLOPT_POSTFIELDS => $body] : [CURLOPT_HTTPGET => 1];
$curl = curl_init();
curl_setopt_array($curl, $options);
curl_exec($curl) === false && exit(curl_error($curl));
