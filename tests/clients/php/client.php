<?php
// PHP's curl extension on the documented calls; prints what it saw as one JSON object.
[, $base, $key] = $argv;

function post(string $url, string $key, array $body, ?callable $onData = null): array
{
    $curl = curl_init($url);
    curl_setopt_array($curl, [
        CURLOPT_POST => true,
        CURLOPT_HTTPHEADER => ["Content-Type: application/json", "Authorization: Bearer $key"],
        CURLOPT_POSTFIELDS => json_encode($body, JSON_UNESCAPED_UNICODE),
        CURLOPT_RETURNTRANSFER => true,
        CURLOPT_TIMEOUT => 30,
    ]);
    if ($onData !== null) {
        curl_setopt($curl, CURLOPT_WRITEFUNCTION, function ($curl, $data) use ($onData) {
            $onData($data);
            return strlen($data);
        });
    }
    $answer = curl_exec($curl);
    return [curl_getinfo($curl, CURLINFO_RESPONSE_CODE), is_string($answer) ? json_decode($answer, true) : null];
}

$hello = [
    ["role" => "system", "content" => "Sen yardımcı bir asistansın."],
    ["role" => "user", "content" => "Merhaba, nasılsın?"],
];
[$status, $chat] = post("$base/chat/completions", $key, ["model" => "gemini-2.0-flash", "messages" => $hello, "max_tokens" => 20]);

$streamed = "";
post("$base/chat/completions", $key,
    ["model" => "gemini-2.0-flash", "messages" => $hello, "stream" => true, "max_tokens" => 20],
    function (string $data) use (&$streamed) { $streamed .= $data; });

[, $embedding] = post("$base/embeddings", $key, ["model" => "text-embedding-004", "input" => "Merhaba dünya, bu bir test metnidir."]);
[$refused, $error] = post("$base/chat/completions", "pk_live_nonsense", ["model" => "gemini-2.0-flash", "messages" => $hello]);

echo json_encode([
    "status" => $status,
    "content" => $chat["choices"][0]["message"]["content"],
    "streamed" => $streamed,
    "dimensions" => count($embedding["data"][0]["embedding"]),
    "refused" => $refused,
    "error" => $error["error"]["type"],
], JSON_UNESCAPED_UNICODE);
