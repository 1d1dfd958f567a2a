<?php
// Receives coupon events from couponhook and applies each of them exactly once.
//
//   SECRET_FILE   the file with the secret that couponhook signs with, whsec_…
//   DATABASE_DSN  sqlite:coupons.db (the default), or mysql:host=127.0.0.1;dbname=shop;charset=utf8mb4
//   DATABASE_USER, DATABASE_PASSWORD  for MySQL
declare(strict_types=1);
ini_set('display_errors', '0');
http_response_code(500);  // until the event is committed: couponhook sends it again

const TOLERANCE_S = 300;

/** Returns true if one of the secrets signed this request within the last five minutes. */
function is_authentic(string $id, string $time, string $signatures, string $body): bool
{
    if (!ctype_digit($time) || abs(time() - (int) $time) > TOLERANCE_S) return false;
    $secrets = file((string) getenv('SECRET_FILE'), FILE_IGNORE_NEW_LINES | FILE_SKIP_EMPTY_LINES);
    if (!$secrets) throw new RuntimeException('SECRET_FILE cannot be read, or is empty');
    foreach ($secrets as $secret) {  // two while you replace the secret, one to a line: either may sign
        $key = base64_decode(substr(trim($secret), strlen('whsec_')), true);
        if (!$key) throw new RuntimeException('SECRET_FILE holds a line that is not whsec_ and base64');
        $expected = 'v1,' . base64_encode(hash_hmac('sha256', "$id.$time.$body", $key, true));
        foreach (explode(' ', $signatures) as $signature) {
            if (hash_equals($expected, $signature)) return true;
        }
    }
    return false;
}

/** Returns what happened, as [kind, number, belongs to]; null for an event that this shop does not apply. */
function fact(array $event): ?array
{
    $resource = $event['data']['resource'];
    switch ($event['type']) {
        case 'coupon.issued':
            return ['issued', text($resource['coupon_code'] ?? null), text($resource['stock_id'] ?? null)];
        case 'coupon.redeemed':
            return ['redeemed', text($resource['coupon_id'] ?? null),
                    text($resource['consume_information']['transaction_id'] ?? null)];
        case 'refund.succeeded':
            return ['refunded', text($resource['refund_id'] ?? null), text($resource['transaction_id'] ?? null)];
    }
    return null;
}

function text($value): string
{
    if (is_string($value) && preg_match('/^[\w-]{1,64}$/D', $value)) return $value;
    reply(410, 'a number in the resource cannot be read');  // a dead letter, for a person to look at
}

/** Returns true the first time that it is called with this key. The primary key decides, not a SELECT. */
function is_first(PDO $db, string $key): bool
{
    try {
        $db->prepare('INSERT INTO applied (event_key) VALUES (?)')->execute([$key]);
        return true;
    } catch (PDOException $error) {
        if ($error->getCode() === '23000') return false;  // SQLSTATE: the key is there already
        throw $error;
    }
}

function open_database(): PDO
{
    $db = new PDO(getenv('DATABASE_DSN') ?: 'sqlite:coupons.db', getenv('DATABASE_USER') ?: null,
                  getenv('DATABASE_PASSWORD') ?: null, [PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION]);
    // By default MySQL ignores case when it compares text; coupon codes may differ by case only.
    $options = $db->getAttribute(PDO::ATTR_DRIVER_NAME) === 'mysql' ? 'ENGINE=InnoDB COLLATE utf8mb4_bin' : '';
    // In production, create the tables once, by your migrations.
    $db->exec("CREATE TABLE IF NOT EXISTS applied (event_key VARCHAR(191) PRIMARY KEY) $options");
    $db->exec("CREATE TABLE IF NOT EXISTS bookings
               (kind VARCHAR(16), number VARCHAR(64), belongs_to VARCHAR(64)) $options");
    return $db;
}

function reply(int $status, string $reason = ''): void
{
    http_response_code($status);
    exit($reason);  // couponhook keeps the reason of a reply that is not 2xx
}

if ($_SERVER['REQUEST_METHOD'] !== 'POST') reply(405);
$body = file_get_contents('php://input');  // the raw body: the signature covers its bytes
$id = $_SERVER['HTTP_WEBHOOK_ID'] ?? '';
if (!is_authentic($id, $_SERVER['HTTP_WEBHOOK_TIMESTAMP'] ?? '', $_SERVER['HTTP_WEBHOOK_SIGNATURE'] ?? '', $body)) {
    reply(401);
}
$fact = fact(json_decode($body, true, 64, JSON_THROW_ON_ERROR));
if ($fact === null) reply(204);

$db = open_database();
$db->beginTransaction();
// webhook-id recognises repeats of a delivery. The fact recognises an event that WeChat Pay sent under two ids.
if (is_first($db, $id) && is_first($db, implode('/', $fact))) {
    // Your work goes here, in this transaction. Events may arrive in any order, a refund before its
    // redemption: add what happened, and let no event overwrite another.
    $db->prepare('INSERT INTO bookings (kind, number, belongs_to) VALUES (?, ?, ?)')->execute($fact);
    error_log(vsprintf('%s %s (%s)', $fact));
}
$db->commit();
reply(204);
