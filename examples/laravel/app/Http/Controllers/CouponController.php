<?php

namespace App\Http\Controllers;

use Illuminate\Http\Request;
use Illuminate\Support\Facades\DB;
use Illuminate\Support\Facades\Log;

/** Applies each coupon event of couponhook exactly once. */
class CouponController
{
    // An exception, such as the database's, is reply 500: couponhook sends the event again.
    public function __invoke(Request $request)
    {
        $event = json_decode($request->getContent(), true);
        if (! is_array($event) || ! is_string($event['type'] ?? null)) {
            return response('the body is not a JSON event', 400);
        }
        $fact = $this->fact($event['type'], $event['data']['resource'] ?? null);
        if ($fact === null) {
            return response()->noContent();
        }
        if (! $this->isText($fact['number']) || ! $this->isText($fact['belongs_to'])) {
            // A dead letter, for a person to look at
            return response('a number in the resource cannot be read', 410);
        }
        DB::transaction(function () use ($request, $fact) {
            $this->apply($request->header('webhook-id'), $fact);
        });

        return response()->noContent();
    }

    /** Returns what happened, with the fields of `bookings`; null for an event that this shop does not apply. */
    private function fact(string $type, $resource): ?array
    {
        switch ($type) {
            case 'coupon.issued':
                return ['kind' => 'issued', 'number' => $resource['coupon_code'] ?? null,
                    'belongs_to' => $resource['stock_id'] ?? null];
            case 'coupon.redeemed':
                return ['kind' => 'redeemed', 'number' => $resource['coupon_id'] ?? null,
                    'belongs_to' => $resource['consume_information']['transaction_id'] ?? null];
            case 'refund.succeeded':
                return ['kind' => 'refunded', 'number' => $resource['refund_id'] ?? null,
                    'belongs_to' => $resource['transaction_id'] ?? null];
        }

        return null;
    }

    private function isText($value): bool
    {
        return is_string($value) && preg_match('/^[\w-]{1,64}$/D', $value);
    }

    private function apply(string $id, array $fact): void
    {
        // webhook-id recognises repeats of a delivery. The fact recognises an event that WeChat Pay
        // sent under two ids.
        if (! $this->isFirst($id) || ! $this->isFirst(implode('/', $fact))) {
            return;
        }
        // Your work goes here, in this transaction. Events may arrive in any order, a refund before its
        // redemption: add what happened, and let no event overwrite another. A queued job is lost if the
        // process ends between the commit and its dispatch: put it on the queue connection `database`,
        // without afterCommit, so that this transaction commits it too.
        DB::table('bookings')->insert($fact);
        Log::info(vsprintf('%s %s (%s)', array_values($fact)));
    }

    /** Returns true the first time that it is called with this key. The primary key decides, not a SELECT. */
    private function isFirst(string $key): bool
    {
        return DB::table('applied')->insertOrIgnore(['event_key' => $key]) === 1;
    }
}
