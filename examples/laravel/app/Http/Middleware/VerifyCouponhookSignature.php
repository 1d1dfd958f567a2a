<?php

namespace App\Http\Middleware;

use Closure;
use Illuminate\Http\Request;
use RuntimeException;

/** Refuses requests that couponhook did not sign (Standard Webhooks). */
class VerifyCouponhookSignature
{
    private const TOLERANCE_S = 300;

    public function handle(Request $request, Closure $next)
    {
        if (! $this->isAuthentic($request)) {
            return response('the signature or the timestamp is wrong', 401);
        }
        // Makes Laravel reply to an exception in JSON instead of HTML: couponhook keeps the beginning of
        // the reply, for `couponhook deliveries`.
        $request->headers->set('Accept', 'application/json');

        return $next($request);
    }

    /** Returns true if one of the secrets signed this request within the last five minutes. */
    private function isAuthentic(Request $request): bool
    {
        $id = (string) $request->header('webhook-id');
        $time = (string) $request->header('webhook-timestamp');
        $signatures = explode(' ', (string) $request->header('webhook-signature'));
        if (! ctype_digit($time) || abs(time() - (int) $time) > self::TOLERANCE_S) {
            return false;
        }
        // getContent() is the raw body: the signature covers its bytes.
        $signed = "$id.$time.".$request->getContent();
        foreach ($this->keys() as $key) {
            $expected = 'v1,'.base64_encode(hash_hmac('sha256', $signed, $key, true));
            foreach ($signatures as $signature) {
                if (hash_equals($expected, $signature)) {
                    return true;
                }
            }
        }

        return false;
    }

    /** While you replace the secret the file holds two, one to a line, and either may sign. */
    private function keys(): array
    {
        $file = (string) config('couponhook.secret_file');
        $secrets = is_readable($file) ? preg_split('/\s+/', file_get_contents($file), -1, PREG_SPLIT_NO_EMPTY) : [];
        if (! $secrets) {
            throw new RuntimeException("COUPONHOOK_SECRET_FILE '$file' cannot be read, or is empty");
        }

        return array_map(function ($secret) use ($file) {
            $key = base64_decode(substr($secret, strlen('whsec_')), true);
            if (! $key) {
                throw new RuntimeException("$file holds a line that is not whsec_ and base64");
            }

            return $key;
        }, $secrets);
    }
}
